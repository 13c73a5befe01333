import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { demoPortals, type EmulatedPortal, type Emulator, startEmulator } from '../../emulator/index.ts';
import { callRest, rowsOf, start, tokensFor } from './support.ts';

describe('the demo portals', () => {
  // Tests only read, so the emulator starts once: generating 12,000 companies takes time.
  let emulator: Emulator;
  let russian: EmulatedPortal;
  let english: EmulatedPortal;

  beforeAll(async () => {
    emulator = await startEmulator();
    [russian, english] = emulator.portals as [EmulatedPortal, EmulatedPortal];
  });

  afterAll(() => emulator.stop());

  it('when they are started at any time › users and companies are the same', () => {
    const facts = ({ memberId, users, companies }: EmulatedPortal) => [
      memberId,
      users.length,
      companies.length,
      companies[0]?.TITLE,
      companies.at(-1)?.TITLE,
      companies.at(-1)?.DATE_CREATE,
    ];

    expect(facts(russian)).toEqual([
      '5e7e4a0de70b17815e7e4a0de70b1781',
      56,
      12_000,
      'НПО «Степной ряд»',
      'ПАО «Речной дом»',
      '2026-11-20T16:38:58+03:00',
    ]);
    expect(facts(english)).toEqual([
      '4a12b0124ad1490f4a12b0124ad1490f',
      3,
      180,
      '<script>alert("title")</script><b>Bold & Sons</b>',
      'Hobbs & Dalton',
      '2026-11-18T00:40:06+00:00',
    ]);
  });

  it('when their users list companies › each gets the number in the README', async () => {
    const total = async (portal: EmulatedPortal, userId: number) =>
      (await callRest(tokensFor(portal, userId), 'crm.company.list')).body.total;

    expect(await total(russian, 1)).toBe(12_000);
    expect(await total(russian, 2)).toBe(427);
    expect(await total(russian, 3)).toBeUndefined();
    expect(await total(english, 1)).toBe(180);
    expect(await total(english, 2)).toBe(67);
    expect(await total(english, 3)).toBe(0);
  });

  it('when e-mails and sites are checked › all are in domains reserved for examples', () => {
    const values = russian.companies.flatMap(({ EMAIL = [], WEB = [] }) =>
      [...EMAIL, ...WEB].map(({ VALUE }) => VALUE),
    );

    expect(values.length).toBeGreaterThan(1000);
    expect(
      values.filter((value) => !/^(https:\/\/[a-z0-9-]+|[a-z]+@[a-z0-9-]+)\.example$/.test(value)),
    ).toEqual([]);
  });

  it('when user fields are listed › some companies have each of them, in the format of answers', async () => {
    const select = ['UF_*'];
    const answers = await Promise.all(
      [russian, english].map((portal) =>
        callRest(tokensFor(portal), 'crm.company.list', { select, order: { ID: 'DESC' } }),
      ),
    );

    for (const rows of answers.map(rowsOf)) {
      const valuesOf = (name: string) => rows.map((row) => row[name]).filter(Boolean);
      for (const value of valuesOf('UF_CRM_1700000006')) expect(value).toMatch(/^\d+\|[A-Z]{3}$/);
      for (const value of valuesOf('UF_CRM_1700000007'))
        expect(value).toMatch(/^[^|]+(\|;\||\|\d\d\.75;37\.61\|\d+)?$/);
      for (const value of valuesOf('UF_CRM_1700000009'))
        expect(value).toEqual([expect.stringMatching(/^CO_\d+$/)]);
      for (const value of valuesOf('UF_CRM_1700000011')) expect(value).toHaveProperty('downloadUrl');
      for (const name of Object.keys(rows[0] ?? {}))
        expect([name, valuesOf(name).length > 0]).toEqual([name, true]);
    }
  });

  it('when 12,000 companies are filtered and sorted again › are neither sorted nor made anew', async () => {
    const tokens = tokensFor(russian);
    const params = { order: { TITLE: 'ASC' }, filter: { '%TITLE': 'сервис' }, select: ['TITLE'] };
    await callRest(tokens, 'crm.company.list', params);

    const sort = jest.spyOn(Uint32Array.prototype, 'sort');
    const made = jest.spyOn(Math, 'imul');
    await callRest(tokens, 'crm.company.list', params);
    const work = [sort.mock.calls.length, made.mock.calls.length];
    jest.restoreAllMocks();

    // All that is made at random is made by this multiplication.
    expect(work).toEqual([0, 0]);
  });
});

describe('startEmulator()', () => {
  it('when the port is taken › rejects with EADDRINUSE and leaves no server running', async () => {
    const { portal } = await start();
    const portalPort = Number(new URL(portal.origin).port);

    await expect(startEmulator({ portals: [], portalPort })).rejects.toThrow('EADDRINUSE');
  });

  it('when two portals have the same host › refuses', async () => {
    const [portal] = demoPortals();

    await expect(startEmulator({ portals: portal ? [portal, portal] : [] })).rejects.toThrow('localhost');
  });
});
