import { describe, expect, it } from '@jest/globals';
import { readFields } from '../../../src/bitrix24/crm/company-fields.ts';
import { readDescriptions } from '../../../src/bitrix24/crm/field-description.ts';
import type { FieldContext, FieldValue } from '../../../src/bitrix24/crm/field-value.ts';

const ADA = { id: 7, name: 'Ada Admin' };
const CONTEXT: FieldContext = {
  currency: 'RUB',
  dictionaries: new Map([['COMPANY_TYPE', new Map([['5', 'Client']])]]),
  people: new Map([[7, ADA]]),
};

function read(value: unknown, description: object, name = 'UF_CRM_1'): FieldValue[] {
  const [field] = readFields({ [name]: value }, readDescriptions({ [name]: description }), CONTEXT);
  return field?.values ?? [];
}

const text = (words: string) => [{ kind: 'text', text: words }];
const reference = (to: string, id: number, entityTypeId?: number) => [
  { kind: 'reference', to, id, ...(entityTypeId === undefined ? {} : { entityTypeId }) },
];
const money = (amount: number, currency: string | null) => [{ kind: 'money', amount, currency }];

describe('a value of type money', () => {
  it.each<[unknown, unknown]>([
    ['100.50|RUB', money(100.5, 'RUB')],
    ['-100.5|RUB', money(-100.5, 'RUB')],
    ['100|', money(100, null)],
    ['100', money(100, null)],
    [100.5, money(100.5, null)],
    ['0|RUB', money(0, 'RUB')],
    ['|RUB', []],
    ['|', []],
    ['', []],
    [null, []],
    [false, []],
    ['a lot|RUB', text('a lot RUB')],
    [
      '12345678901234567.125|EUR',
      [{ kind: 'money', amount: 12345678901234568, exact: '12345678901234567.125', currency: 'EUR' }],
    ],
    ['0.12345|EUR', [{ kind: 'money', amount: 0.12345, exact: '0.12345', currency: 'EUR' }]],
  ])('when it is %j › is read as %j', (value, values) => {
    expect(read(value, { type: 'money' })).toEqual(values);
  });
});

describe('a value of type address', () => {
  it.each<[string, string]>([
    ['Садовая 11, Москва|55.75;37.61|21', 'Садовая 11, Москва'],
    ['Садовая 11, Москва|55.75;37.61', 'Садовая 11, Москва'],
    ['Садовая 11, Москва|;|', 'Садовая 11, Москва'],
    ['Садовая 11, Москва|;|21', 'Садовая 11, Москва'],
    ['Садовая 11, Москва||21', 'Садовая 11, Москва'],
    ['Садовая 11, Москва|', 'Садовая 11, Москва'],
    ['Садовая 11, Москва', 'Садовая 11, Москва'],
    ['Садовая | двор, Москва|-55.75;+37.61|21', 'Садовая, двор, Москва'],
    ['{"text":"Садовая 11, Москва","id":21}', 'Садовая 11, Москва'],
    ['{"id":21,"fieldCollection":{"300":"Москва","340":"Садовая 11"}}', 'Москва, Садовая 11'],
    ['{"text":"Садовая 11","latitude":"55.75"}|55.75;37.61|21', 'Садовая 11'],
  ])('when it is %s › is %s', (value, words) => {
    expect(read(value, { type: 'address' })).toEqual(text(words));
  });

  it.each(['|;|', '|55.75;37.61|21', '|', '{"id":21}', '||21'])('when it is %s › is nothing', (value) => {
    expect(read(value, { type: 'address' })).toEqual([]);
  });
});

describe('a reference', () => {
  const ANY = { type: 'crm', settings: { COMPANY: 'Y', CONTACT: 'Y', LEAD: 'N' } };
  const only = (kind: string) => ({ type: 'crm', settings: { LEAD: 'N', [kind]: 'Y' } });

  it.each<[unknown, object, unknown]>([
    ['CO_12', ANY, reference('company', 12)],
    ['C_3', ANY, reference('contact', 3)],
    ['L_1', ANY, reference('lead', 1)],
    ['D_4', ANY, reference('deal', 4)],
    ['Q_4', ANY, reference('quote', 4)],
    ['T80_5', ANY, reference('item', 5, 128)],
    ['Tb4_5', ANY, reference('item', 5, 180)],
    ['SI_5', ANY, reference('item', 5, 31)],
    ['12', only('COMPANY'), reference('company', 12)],
    [12, only('CONTACT'), reference('contact', 12)],
    ['12', only('DYNAMIC_128'), reference('item', 12, 128)],
    ['12', ANY, reference('record', 12)],
    ['12', { type: 'crm' }, reference('record', 12)],
    ['XY_5', ANY, text('XY_5')],
    ['7', { type: 'crm_lead' }, reference('lead', 7)],
    ['7', { type: 'crm_company' }, reference('company', 7)],
    ['7', { type: 'iblock_element' }, reference('listElement', 7)],
    ['7', { type: 'iblock_section' }, reference('listSection', 7)],
    ['7', { type: 'resourcebooking' }, reference('booking', 7)],
    [7, { type: 'hlblock' }, reference('directoryEntry', 7)],
  ])('when it is %j of %j › is read as %j', (value, description, values) => {
    expect(read(value, description)).toEqual(values);
  });

  it.each(['0', 0, '', null, false, 'CO_0'])('when it is %j › refers to nothing', (value) => {
    const types = ['crm', 'crm_lead', 'crm_entity', 'iblock_element', 'resourcebooking'];

    expect(types.flatMap((type) => read(value, { type }))).toEqual([]);
  });

  it('when it is that of a smart process › knows which', () => {
    expect(read('5', { type: 'crm_entity' }, 'PARENT_ID_144')).toEqual(reference('item', 5, 144));
  });

  it.each(['user', 'employee'])('when it is of type %s and empty › names nobody', (type) => {
    expect(['0', 0, '', null, false].flatMap((value) => read(value, { type }))).toEqual([]);
  });
});

describe('a value of a multifield', () => {
  const item = (VALUE: unknown, VALUE_TYPE: string) => [{ ID: '1', VALUE, VALUE_TYPE }];
  const MULTIFIELD = { type: 'crm_multifield', isMultiple: true };

  it('when it links to a user with a name › is that user', () => {
    expect(read(item('7', 'USER'), MULTIFIELD, 'LINK')).toEqual([{ kind: 'person', person: ADA }]);
  });

  it('when it links to a user without a name › is nothing', () => {
    expect(read(item('389', 'USER'), MULTIFIELD, 'LINK')).toEqual([]);
  });

  it.each(['imol|livechat|1|38|55', 'IMOL|telegrambot|8|1|2'])(
    'when it is the open channel %s › does not show its ids',
    (value) => {
      expect(read(item(value, 'OPENLINE'), MULTIFIELD, 'IM')).toEqual([{ kind: 'chat' }]);
    },
  );

  it('when its value is a number › is read as its digits', () => {
    expect(read(item(112, 'WORK'), MULTIFIELD, 'PHONE')).toEqual([
      { kind: 'phone', value: '112', valueType: 'WORK' },
    ]);
  });

  it('when PHP sends the list as an object › is read as a list', () => {
    expect(read({ 5: item('112', 'WORK')[0] }, MULTIFIELD, 'PHONE')).toEqual([
      { kind: 'phone', value: '112', valueType: 'WORK' },
    ]);
  });
});

describe('lists, empty values and JSON types', () => {
  const COLOURS = {
    type: 'enumeration',
    isMultiple: true,
    items: { 1: { ID: 5, VALUE: 'Blue' }, 2: { ID: '9', VALUE: 10 }, 3: { ID: '11' } },
  };

  it('when PHP sends a list as an object › every value of it is read', () => {
    expect(read({ 1: '5', 3: '9' }, COLOURS)).toEqual([...text('Blue'), ...text('10')]);
  });

  it('when ids are numbers › they are those of the choices', () => {
    expect([...read([5, 9], COLOURS), ...read(5, { ...COLOURS, isMultiple: false })]).toEqual([
      ...text('Blue'),
      ...text('10'),
      ...text('Blue'),
    ]);
  });

  it('when a status is a number › is that of the dictionary', () => {
    expect(read(5, { type: 'crm_status', statusType: 'COMPANY_TYPE' })).toEqual(text('Client'));
  });

  it.each<[unknown, boolean]>([
    [true, true],
    ['1', true],
    [1, true],
    ['Y', true],
    [false, false],
    ['0', false],
    [0, false],
    ['N', false],
  ])('when a boolean is %j › is %s', (value, isOn) => {
    expect(read(value, { type: 'boolean' })).toEqual([{ kind: 'flag', isOn }]);
    expect(read(value, { type: 'char' })).toEqual([{ kind: 'flag', isOn }]);
  });

  it('when a boolean of several values is false › has none', () => {
    expect(read(false, { type: 'boolean', isMultiple: true })).toEqual([]);
    expect(read([false, true], { type: 'boolean', isMultiple: true })).toEqual([
      { kind: 'flag', isOn: false },
      { kind: 'flag', isOn: true },
    ]);
  });

  it('when a field of another type is false › has no value', () => {
    const types = ['string', 'integer', 'date', 'money', 'crm', 'file', 'enumeration', 'address', 'rest_1_x'];

    expect(types.flatMap((type) => read(false, { type, isMultiple: true }))).toEqual([]);
    expect(types.flatMap((type) => read(false, { type }))).toEqual([]);
  });

  it.each<[unknown, object, unknown]>([
    [42, { type: 'string' }, text('42')],
    [0, { type: 'string' }, text('0')],
    [0, { type: 'integer' }, text('0')],
    ['{"a":1}', { type: 'rest_1_x' }, text('{"a":1}')],
    [{ a: 1 }, { type: 'rest_1_x' }, []],
    [[{ a: 1 }, ['x'], 'y'], { type: 'string', isMultiple: true }, text('y')],
    [9, { type: 'file' }, [{ kind: 'file' }]],
    ['0', { type: 'file' }, []],
    [{ id: 9, downloadUrl: '/x?auth=secret' }, { type: 'string' }, [{ kind: 'file' }]],
    [{ id: 9, url: '/x', urlMachine: '/y?auth=secret' }, {}, [{ kind: 'file' }]],
  ])('when it is %j of %j › is read as %j', (value, description, values) => {
    expect(read(value, description)).toEqual(values);
  });

  it('when a time is described as a text › is read as a time', () => {
    expect(read('2026-03-05T10:20:30+03:00', { type: 'string' }, 'LAST_COMMUNICATION_TIME')).toEqual([
      { kind: 'instant', iso: '2026-03-05T10:20:30+03:00' },
    ]);
  });

  it('when the time of an instant is unknown › is a day, and not its midnight', () => {
    expect(read('2026-03-05', { type: 'datetime' })).toEqual([{ kind: 'date', iso: '2026-03-05' }]);
  });
});

describe('a number', () => {
  it.each<[unknown, unknown]>([
    ['12.5', { number: 12.5 }],
    [0.1, { number: 0.1 }],
    ['1e3', { number: 1000, exact: '1e3' }],
    ['12.500', { number: 12.5, exact: '12.500' }],
    ['1234567890123456.78', { number: 1234567890123456.8, exact: '1234567890123456.78' }],
    [1.23456, { number: 1.23456, exact: '1.23456' }],
    ['-0', { number: 0 }],
  ])('when it is %j › keeps its digits as %j', (value, number) => {
    expect(read(value, { type: 'double' })).toEqual([{ kind: 'number', ...(number as object) }]);
  });

  it('when it is the revenue › is in the currency of the company', () => {
    expect(read('1234567890123456.78', { type: 'double' }, 'REVENUE')).toEqual([
      { kind: 'money', amount: 1234567890123456.8, exact: '1234567890123456.78', currency: 'RUB' },
    ]);
  });
});
