import { describe, expect, it } from '@jest/globals';

import { CommunicationIndex, normalizePhone } from '../../emulator/crm/communication-index.ts';
import { rowsOfList } from '../../emulator/crm/table.ts';
import type { PortalOptions } from '../../emulator/index.ts';
import {
  aCompany,
  aContact,
  aMultifield,
  aPortal,
  callRest,
  idsOf,
  type JsonAnswer,
  start,
  threeUsers,
  tokensFor,
} from './support.ts';

const phone = (VALUE: string) => [aMultifield({ VALUE })];
const email = (VALUE: string) => [aMultifield({ VALUE, TYPE_ID: 'EMAIL' })];

const companies = [
  aCompany({ ID: '7', PHONE: phone('+7 (912) 000-11-22'), EMAIL: email('Info@Example.com ') }),
  aCompany({ ID: '41', PHONE: phone('8 912 000-11-22, 15'), ASSIGNED_BY_ID: '2' }),
  aCompany({ ID: '50', PHONE: phone('000-11-22') }),
];
const contacts = [aContact({ ID: '12', PHONE: phone('79120001122'), COMPANY_ID: '7' })];

async function startWith(options: Partial<PortalOptions> = {}) {
  const { emulator, portal } = await start({
    portals: [aPortal({ companies, contacts, users: threeUsers(), ...options })],
  });
  return { emulator, portal };
}

async function find(params: object, userId = 1): Promise<JsonAnswer> {
  const { portal } = await startWith();
  return callRest(tokensFor(portal, userId), 'crm.duplicate.findbycomm', params);
}

describe('crm.duplicate.findbycomm', () => {
  it('when companies and contacts have the number › gives their IDs as numbers, by type, without a total', async () => {
    const { body } = await find({ type: 'PHONE', values: ['+7 912 0001122'] });

    expect(body.result).toEqual({ CONTACT: [12], COMPANY: [7, 41] });
    expect(body).not.toHaveProperty('total');
    expect(body).not.toHaveProperty('next');
  });

  it.each([
    ['COMPANY', { entity_type: 'COMPANY' }, { COMPANY: [7, 41] }],
    ['CONTACT', { entity_type: 'contact' }, { CONTACT: [12] }],
    ['the short name of companies', { ENTITY_TYPE: 'CO' }, { COMPANY: [7, 41] }],
    ['EntityType', { EntityType: 'COMPANY' }, { COMPANY: [7, 41] }],
    ['entityType, which is not read', { entityType: 'COMPANY' }, { CONTACT: [12], COMPANY: [7, 41] }],
    ['an unknown type', { entity_type: 'THING' }, { CONTACT: [12], COMPANY: [7, 41] }],
    ['leads, of which there are none', { entity_type: 'LEAD' }, []],
  ])('when it is asked for %s › gives these', async (_, more, expected) => {
    const { body } = await find({ type: 'phone', values: ['89120001122'], ...more });

    expect(body.result).toEqual(expected);
  });

  it.each([
    ['an e-mail in another case, with blanks', 'EMAIL', [' INFO@example.COM'], { COMPANY: [7] }],
    ['a part of an e-mail', 'EMAIL', ['info@'], []],
    ['a part of a phone', 'PHONE', ['7912000'], []],
    ['ten digits without the 7', 'PHONE', ['9120001122'], []],
    ['a short number', 'PHONE', ['000 11 22'], { COMPANY: [50] }],
    ['a number without digits', 'PHONE', ['ask for Jim'], []],
    [
      'JSON numbers and empty values, which are skipped',
      'PHONE',
      [79120001122, '', null, '0001122'],
      { COMPANY: [50] },
    ],
    ['several values', 'PHONE', ['0001122', '89120001122'], { COMPANY: [50, 7, 41], CONTACT: [12] }],
  ])('when it is asked for %s › gives these', async (_, type, values, expected) => {
    const { body } = await find({ type, values });

    expect(body.result).toEqual(expected);
  });

  it('when there are more than 20 different values › the first 20 count, and spellings of one number count once', async () => {
    const others = Array.from({ length: 19 }, (_, index) => `+1 212 555 01${10 + index}`);
    const spellings = ['+1 (212) 555-0110', '1 212 5550110'];

    const found = await find({ type: 'PHONE', values: [...others, ...spellings, '0001122'] });
    const tooMany = await find({ type: 'PHONE', values: [...others, '+1 212 555 0140', '0001122'] });

    expect(found.body.result).toEqual({ COMPANY: [50] });
    expect(tooMany.body.result).toEqual([]);
  });

  it('when more than 20 rows have the number › gives the lowest types and IDs', async () => {
    const many = Array.from({ length: 30 }, (_, index) =>
      aCompany({ ID: String(100 + index), PHONE: phone('5550100') }),
    ).reverse();
    const people = Array.from({ length: 15 }, (_, index) =>
      aContact({ ID: String(500 + index), PHONE: phone('555-01-00') }),
    );
    const { portal } = await startWith({ companies: many, contacts: people });
    const ask = (more: object) =>
      callRest(tokensFor(portal), 'crm.duplicate.findbycomm', {
        type: 'PHONE',
        values: ['5550100'],
        ...more,
      });

    const all = (await ask({})).body.result as Record<string, number[]>;
    const onlyCompanies = (await ask({ entity_type: 'COMPANY' })).body.result as Record<string, number[]>;

    expect(all.CONTACT).toHaveLength(15);
    expect(all.COMPANY).toEqual([100, 101, 102, 103, 104]);
    expect(onlyCompanies.COMPANY).toEqual(Array.from({ length: 20 }, (_, index) => 100 + index));
  });

  it('when the user sees own companies › gives IDs of other companies too, which a list does not', async () => {
    const { portal } = await startWith();
    const tokens = tokensFor(portal, 2);

    const found = await callRest(tokens, 'crm.duplicate.findbycomm', {
      type: 'PHONE',
      values: ['89120001122'],
    });
    const list = await callRest(tokens, 'crm.company.list', { filter: { '@ID': [7, 41] } });

    expect(found.body.result).toEqual({ CONTACT: [12], COMPANY: [7, 41] });
    expect(idsOf(list)).toEqual(['41']);
  });

  it.each([
    ['the user has no access', 3, { type: 'PHONE', values: ['1'] }, 'Access denied.'],
    ['the type is missing', 1, { values: ['1'] }, 'Communication type is not defined.'],
    [
      'the type is another',
      1,
      { type: 'im', values: ['1'] },
      "Communication type 'IM' is not supported in current context.",
    ],
    ['the values are missing', 1, { type: 'PHONE' }, 'Communication values is not defined.'],
    ['the values are a text', 1, { type: 'PHONE', values: '1' }, 'Communication values is not defined.'],
    ['the values are empty', 1, { type: 'PHONE', values: [] }, 'Communication values is not defined.'],
    [
      'deals are asked for',
      1,
      { type: 'PHONE', values: ['1'], entity_type: 'DEAL' },
      'Deal is not supported in current context.',
    ],
  ])('when %s › answers 400 with an empty code', async (_, userId, params, error_description) => {
    const { status, body } = await find(params, userId);

    expect(status).toBe(400);
    expect(body).toEqual({ error: '', error_description });
  });

  it('when companies change › finds what they have now', async () => {
    const { portal } = await startWith();
    const ask = async () => {
      const params = { type: 'PHONE', values: ['0001122'] };
      return (await callRest(tokensFor(portal), 'crm.duplicate.findbycomm', params)).body.result;
    };
    await ask();
    portal.removeCompany('50');
    portal.putCompany(aCompany({ ID: '51', PHONE: phone('00-01-122') }));

    expect(await ask()).toEqual({ COMPANY: [51] });
  });

  it('when its answer is referred to in a batch › the companies are listed, and all of them if nothing is found', async () => {
    const { portal } = await startWith();
    const ask = async (value: string) => {
      const cmd = {
        found: `crm.duplicate.findbycomm?type=PHONE&entity_type=COMPANY&values[]=${value}`,
        rows: 'crm.company.list?filter[@ID]=$result[found][COMPANY]&start=-1&select[]=ID',
      };
      const { body } = await callRest(tokensFor(portal), 'batch', { cmd });
      return (body.result as { result: { rows: { ID: string }[] } }).result.rows.map(({ ID }) => ID);
    };

    expect(await ask('89120001122')).toEqual(['7', '41']);
    expect(await ask('4991110022')).toEqual(['7', '41', '50']);
  });

  it('when the companies are generated › finds a company and its contacts by their numbers', async () => {
    const { portal } = await startWith({ companies: { count: 300, seed: 3 }, contacts: 'made' });
    const company = portal.companies.find(({ PHONE }) => PHONE !== undefined);
    const params = { type: 'PHONE', values: [company?.PHONE?.[0]?.VALUE], entity_type: 'COMPANY' };

    const { body } = await callRest(tokensFor(portal), 'crm.duplicate.findbycomm', params);

    expect((body.result as Record<string, number[]>).COMPANY).toContain(Number(company?.ID));
  });
});

describe('the index of phones', () => {
  it('when many rows have one number › keeps no more of them than an answer can have', () => {
    const rows = Array.from({ length: 30 }, (_, index) =>
      aCompany({ ID: String(index + 1), PHONE: phone('5550100') }),
    );
    const index = new CommunicationIndex({ byId: rowsOfList(rows) }, { changes: 0 });

    expect(index.find('PHONE', '555-01-00')).toEqual(
      Array.from({ length: 20 }, (_, position) => position + 1),
    );
  });

  it('when a row has one number twice › it is found once', () => {
    const twice = aCompany({ ID: '1', PHONE: [...phone('5550100'), ...phone('555-01-00')] });
    const index = new CommunicationIndex({ byId: rowsOfList([twice]) }, { changes: 0 });

    expect(index.find('PHONE', '5550100')).toEqual([1]);
  });
});

describe('normal form of a phone', () => {
  it.each([
    ['+7 (912) 000-11-22', '79120001122'],
    ['8 912 000-11-22', '79120001122'],
    ['79120001122', '79120001122'],
    ['9120001122', '9120001122'],
    ['8 (000) 000-11-22', '80000001122'],
    ['80 00 000 11 22', '80000001122'],
    ['81 234 567 89 01', '812345678901'],
    ['+8 (912) 000-11-22', '89120001122'],
    ['00 44 20 7946 0000', '442079460000'],
    ['011 44 20 7946 0000', '442079460000'],
    ['020 7946 0000', '2079460000'],
    ['+7 912 000-11-22, 15', '79120001122'],
    ['+7 912 000-11-22 #15', '79120001122'],
    ['+7 912 000-11-22;15', '79120001122'],
    ['+7 912 000-11-22*15', '79120001122*15'],
    ['+7 912 000-11-22 доб. 15', '7912000112215'],
    ['8 12-34', '81234'],
    ['0 12 34', '01234'],
    ['', ''],
  ])('when it is written %j › is %j', (written, expected) => {
    expect(normalizePhone(written)).toBe(expected);
  });
});
