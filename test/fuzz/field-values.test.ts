import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import ejs from 'ejs';
import fc from 'fast-check';
import { readFields } from '../../src/bitrix24/crm/company-fields.ts';
import { readDescriptions } from '../../src/bitrix24/crm/field-description.ts';
import { parsePortal } from '../../src/bitrix24/portal.ts';
import { mailHref, phoneHref, referenceHref, webHref } from '../../src/companies/links.ts';
import { createFormat } from '../../src/i18n/format.ts';
import { translateInto } from '../../src/i18n/translate.ts';
import { times } from '../support/fuzz.ts';
import { anyJson } from '../support/hostile-values.ts';

const VALUES_VIEW = join(import.meta.dirname, '../../views/partials/field-values.ejs');

/** Every type of company-data 5.3 and protocol 7.4. */
const TYPES = [
  'string',
  'url',
  'integer',
  'double',
  'boolean',
  'char',
  'enumeration',
  'date',
  'datetime',
  'money',
  'address',
  'employee',
  'user',
  'crm',
  'crm_status',
  'crm_lead',
  'crm_contact',
  'crm_entity',
  'crm_currency',
  'crm_multifield',
  'iblock_element',
  'iblock_section',
  'resourcebooking',
  'file',
  'rest_7_rating',
];

/** Types whose values are ids, of which 0 is none. */
const IS_REFERENCE =
  /^(employee|user|file|crm|crm_(lead|contact|entity|currency)|iblock_\w+|resourcebooking)$/;

const SECRET = 'hush-token';
const aFile = { id: 9, showUrl: `/bitrix/show?auth=${SECRET}`, downloadUrl: `/bitrix/get?auth=${SECRET}` };
/** One value of each kind, as portals write them. */
const USUAL = [
  'text',
  '12',
  '12.5',
  '1',
  'Y',
  '51',
  '2026-03-05T03:00:00+03:00',
  '100.50|RUB',
  '-1|',
  'Lenin Street 1|55.1;37.2|17',
  'CO_12',
  'T80_5',
  'imol|livechat|1|2|3',
  aFile,
  { ID: '1', VALUE: '389', VALUE_TYPE: 'USER' },
  { ID: '1', VALUE: 'imol|livechat|1|2|3', VALUE_TYPE: 'OPENLINE' },
];
const ODD = [
  0,
  -1,
  1.5,
  1e21,
  5e-324,
  true,
  {},
  { 1: '5', 3: '9' },
  { a: { b: 1 } },
  [[['x']]],
  [{ VALUE: { a: 1 } }],
  { ID: 1, VALUE: 42 },
  'x'.repeat(100_000),
  '9'.repeat(500),
  ';|;|;',
  '{"text":',
  aFile,
  [aFile, aFile],
];
const EMPTY = [null, undefined, '', false, [], {}, '|RUB', '|;|', '0'];

const aValue = fc.oneof(fc.constantFrom<unknown>(...USUAL, ...ODD, ...EMPTY), anyJson);
const aField = fc.record({
  type: fc.constantFrom(...TYPES),
  name: fc.constantFrom('UF_CRM_1', 'REVENUE', 'COMMENTS', 'LINK', 'IM', 'PARENT_ID_144', 'LAST_X_TIME'),
  isMultiple: fc.boolean(),
  settings: fc.constantFrom({ COMPANY: 'Y' }, { COMPANY: 'Y', LEAD: 'Y' }, undefined),
  value: fc.oneof(aValue, fc.array(aValue, { maxLength: 3 })),
});
type Field = typeof aField extends fc.Arbitrary<infer T> ? T : never;

describe('a value of a field', () => {
  it('whatever it is, of whatever type › is shown without what only programs can read', () => {
    fc.assert(
      fc.property(aField, fc.constantFrom('en' as const, 'ru' as const), (field, language) => {
        const html = show(field, language);

        expect(html).not.toContain('[object');
        expect(html).not.toContain(SECRET);
        // A text may have these words, but then it is ours to have been given it.
        if (!JSON.stringify(field.value)?.includes('undefined')) expect(html).not.toContain('undefined');
        if (!JSON.stringify(field.value)?.includes('NaN')) expect(html).not.toContain('NaN');
      }),
      times(4),
    );
  });

  it.each(TYPES)('when it is of type %s and empty › nothing is shown', (type) => {
    const empty = [null, undefined, '', [], {}, [null], ['']];
    const values = [...empty, ...(IS_REFERENCE.test(type) ? ['0', 0, ['0'], false] : [])];

    const shown = values.map((value) =>
      show({ type, value, name: 'UF_CRM_1', isMultiple: false, settings: undefined }, 'en'),
    );

    expect(shown.join('')).toBe('');
  });

  it.each<[string, unknown, string]>([
    ['money', '100.50|RUB', '₽100.50'],
    ['money', '1234567890123456.78|EUR', '€1,234,567,890,123,456.78'],
    ['address', 'Lenin Street 1|55.1;37.2|17', 'Lenin Street 1'],
    ['crm', 'CO_12', '<a href="/companies/12" rel="noreferrer">Company 12</a>'],
    ['crm', 'L_1', '<a href="https://acme.example/crm/lead/details/1/" rel="noreferrer">Lead 1</a>'],
    ['crm', 'T80_5', '<a href="https://acme.example/crm/type/128/details/5/" rel="noreferrer">Item 5</a>'],
    ['crm', 'D_4', '<a href="https://acme.example/crm/deal/details/4/" rel="noreferrer">Deal 4</a>'],
    ['crm', 'C_3', '<a href="https://acme.example/crm/contact/details/3/" rel="noreferrer">Contact 3</a>'],
    ['iblock_element', 12, 'List item 12'],
    ['employee', '12', 'User 12'],
    ['crm_multifield', { VALUE: 'imol|livechat|1|2|3', VALUE_TYPE: 'OPENLINE' }, 'A chat of an open channel'],
  ])('when it is of type %s and is %j › shows %s', (type, value, words) => {
    const html = show({ type, value, name: 'UF_CRM_1', isMultiple: false, settings: undefined }, 'en');

    expect(html).toContain(words);
    expect(html).not.toContain('|');
  });
});

/** As a card shows it. */
function show({ name, value, ...description }: Field, language: 'en' | 'ru'): string {
  const row = JSON.parse(JSON.stringify({ [name]: value })) as Record<string, unknown>;
  const context = { currency: 'RUB', dictionaries: new Map(), people: new Map() };
  const [field] = readFields(row, readDescriptions({ [name]: description }), context);
  return field === undefined ? '' : rendered(field.values, language);
}

const template = ejs.compile(readFileSync(VALUES_VIEW, 'utf8'));

function rendered(values: unknown, language: 'en' | 'ru'): string {
  const portal = parsePortal('https://acme.example');
  if (portal === undefined) throw new Error('no portal');
  return template({
    values,
    at: (address: string) => address,
    t: translateInto(language),
    format: createFormat(language),
    phoneHref,
    mailHref,
    webHref,
    referenceHref: (reference: Parameters<typeof referenceHref>[1]) => referenceHref(portal, reference),
    sameResponsible: (id: number) => `/companies?responsible=${id}`,
  });
}
