import { describe, expect, it } from '@jest/globals';

import { toIsoWithOffset, toLocalDay, toWireDay } from '../../emulator/clock.ts';
import type { PortalOptions } from '../../emulator/index.ts';
import { instantOfLocal } from '../../emulator/server-zone.ts';
import { aCompany, aContact, aDeal, aPortal, callRest, idsOf, rowsOf, start, tokensFor } from './support.ts';

const SUMMER = '2026-07-01T12:00:00Z';
const WINTER = '2026-12-01T12:00:00Z';

describe('an instant in the server’s zone', () => {
  it.each([
    ['Europe/Moscow', '2011-01-15T12:00:00Z', '2011-01-15T15:00:00+03:00'],
    ['Europe/Moscow', '2012-01-15T12:00:00Z', '2012-01-15T16:00:00+04:00'],
    ['Europe/Moscow', '2014-10-25T21:59:59Z', '2014-10-26T01:59:59+04:00'],
    ['Europe/Moscow', '2014-10-25T22:00:00Z', '2014-10-26T01:00:00+03:00'],
    ['Europe/Berlin', '2026-03-29T00:59:59Z', '2026-03-29T01:59:59+01:00'],
    ['Europe/Berlin', '2026-03-29T01:00:00Z', '2026-03-29T03:00:00+02:00'],
    ['Europe/Berlin', '2026-10-25T01:00:00Z', '2026-10-25T02:00:00+01:00'],
    ['Europe/Kyiv', '2026-07-01T12:00:00Z', '2026-07-01T15:00:00+03:00'],
    ['Europe/Kyiv', '2026-12-01T12:00:00Z', '2026-12-01T14:00:00+02:00'],
    ['Europe/London', '2026-12-01T12:00:00Z', '2026-12-01T12:00:00+00:00'],
    ['Europe/London', '2026-07-01T12:00:00Z', '2026-07-01T13:00:00+01:00'],
    ['America/New_York', '2026-07-01T02:00:00Z', '2026-06-30T22:00:00-04:00'],
    ['America/New_York', '2026-12-01T02:00:00Z', '2026-11-30T21:00:00-05:00'],
    ['Asia/Almaty', '2024-02-29T17:59:59Z', '2024-02-29T23:59:59+06:00'],
    ['Asia/Almaty', '2024-02-29T18:00:00Z', '2024-02-29T23:00:00+05:00'],
    ['Europe/Minsk', '2011-01-15T12:00:00Z', '2011-01-15T14:00:00+02:00'],
    ['Europe/Minsk', '2026-01-15T12:00:00Z', '2026-01-15T15:00:00+03:00'],
    ['Asia/Yekaterinburg', '2013-01-15T12:00:00Z', '2013-01-15T18:00:00+06:00'],
    ['Asia/Yekaterinburg', '2026-01-15T12:00:00Z', '2026-01-15T17:00:00+05:00'],
    ['+05:30', '2026-01-15T12:00:00Z', '2026-01-15T17:30:00+05:30'],
    ['-03:30', '2026-01-15T12:00:00Z', '2026-01-15T08:30:00-03:30'],
  ])('when the zone is %s and it is %s › is written %s', (zone, instant, expected) => {
    expect(toIsoWithOffset(Date.parse(instant), zone)).toBe(expected);
  });
});

describe('the instant of a local time', () => {
  it.each([
    ['Europe/Berlin', 'before the clocks go forward', '2026-03-29T01:30:00Z', '2026-03-29T00:30:00Z'],
    ['Europe/Berlin', 'after the clocks went forward', '2026-03-29T03:30:00Z', '2026-03-29T01:30:00Z'],
    ['Europe/Berlin', 'in the hour that is skipped', '2026-03-29T02:30:00Z', '2026-03-29T01:30:00Z'],
    ['Europe/Berlin', 'after the clocks went back', '2026-10-25T03:30:00Z', '2026-10-25T02:30:00Z'],
    ['America/New_York', 'before the clocks go forward', '2026-03-08T01:30:00Z', '2026-03-08T06:30:00Z'],
    ['America/New_York', 'after the clocks went forward', '2026-03-08T03:30:00Z', '2026-03-08T07:30:00Z'],
    ['America/New_York', 'after the clocks went back', '2026-11-01T03:30:00Z', '2026-11-01T08:30:00Z'],
    ['-03:30', 'at any time', '2026-11-01T03:30:00Z', '2026-11-01T07:00:00Z'],
  ])('when it is %s, %s › is found', (zone, _, local, expected) => {
    expect(new Date(instantOfLocal(zone, Date.parse(local)))).toEqual(new Date(expected));
  });
});

describe('a day in the server’s zone', () => {
  it.each([
    ['Europe/Moscow', '1996-05-20', WINTER, '1996-05-20T03:00:00+04:00'],
    ['Europe/Berlin', '2026-01-10', WINTER, '2026-01-10T01:00:00+01:00'],
    ['Europe/Berlin', '2026-01-10', SUMMER, '2026-01-10T02:00:00+01:00'],
    ['Europe/Berlin', '2026-06-10', WINTER, '2026-06-10T01:00:00+02:00'],
    ['Europe/Berlin', '2026-06-10', SUMMER, '2026-06-10T02:00:00+02:00'],
    ['America/New_York', '2026-06-10', WINTER, '2026-06-09T19:00:00-04:00'],
    ['America/New_York', '2026-06-10', SUMMER, '2026-06-09T20:00:00-04:00'],
    ['Asia/Almaty', '2020-02-01', WINTER, '2020-02-01T05:00:00+06:00'],
    ['Europe/London', '2026-06-10', WINTER, '2026-06-10T00:00:00+01:00'],
    ['+03:00', '2026-02-01', WINTER, '2026-02-01T03:00:00+03:00'],
    ['-05:00', '2026-02-01', WINTER, '2026-01-31T19:00:00-05:00'],
  ])('when the zone is %s and the day is %s, asked for at %s › is written %s', (zone, day, now, expected) => {
    expect(toWireDay(day, zone, Date.parse(now))).toBe(expected);
  });

  it.each([
    'Europe/Moscow',
    'Europe/Berlin',
    'Europe/Kyiv',
    'Europe/London',
    'America/New_York',
    'Asia/Almaty',
    'Europe/Minsk',
    'Asia/Yekaterinburg',
  ])('when the zone is %s › every day since 1990 is the UTC day nearest to what is written', (zone) => {
    const wrong: string[] = [];
    for (let ms = Date.UTC(1990, 0, 1); ms <= Date.UTC(2026, 11, 31); ms += 86_400_000) {
      const day = new Date(ms).toISOString().slice(0, 10);
      for (const now of [SUMMER, WINTER]) {
        const written = toWireDay(day, zone, Date.parse(now));
        const nearest = new Date(Date.parse(written) + 43_200_000).toISOString().slice(0, 10);
        if (nearest !== day) wrong.push(written);
      }
    }

    expect(wrong).toEqual([]);
  });

  it('when an instant is given › is the local day of the server', () => {
    expect(toLocalDay(Date.parse('2026-06-30T22:30:00Z'), 'Europe/Berlin')).toBe('2026-07-01');
    expect(toLocalDay(Date.parse('2026-01-01T02:00:00Z'), 'America/New_York')).toBe('2025-12-31');
  });
});

describe('lists of a portal in Berlin', () => {
  const companies = [
    aCompany({ ID: '1', DATE_CREATE: '2026-01-10T23:30:00+00:00', UF_CRM_DAY: '2026-01-11' }),
    aCompany({ ID: '2', DATE_CREATE: '2026-07-10T21:30:00+00:00', UF_CRM_DAY: '2026-07-11' }),
    aCompany({ ID: '3', DATE_CREATE: '2026-07-10T22:30:00+00:00' }),
  ];
  async function startInBerlin(options: Partial<PortalOptions> = {}, now = WINTER) {
    const { emulator, portal } = await start({
      portals: [
        aPortal({
          companies,
          serverTimeZone: 'Europe/Berlin',
          userFields: [{ name: 'UF_CRM_DAY', type: 'date', label: 'Day' }],
          ...options,
        }),
      ],
      now: () => Date.parse(now),
    });
    return { emulator, portal, tokens: tokensFor(portal) };
  }

  it('when rows are listed › instants have the offset of their season', async () => {
    const { tokens } = await startInBerlin();

    const rows = rowsOf(await callRest(tokens, 'crm.company.list', { select: ['DATE_CREATE'] }));

    expect(rows.map(({ DATE_CREATE }) => DATE_CREATE)).toEqual([
      '2026-01-11T00:30:00+01:00',
      '2026-07-10T23:30:00+02:00',
      '2026-07-11T00:30:00+02:00',
    ]);
  });

  it('when half a year passes › days are written with the offset of the new season', async () => {
    const { emulator, portal } = await startInBerlin({}, SUMMER);
    const days = async () => {
      const tokens = tokensFor(portal);
      const rows = rowsOf(await callRest(tokens, 'crm.company.list', { select: ['UF_CRM_DAY'] }));
      return rows.map(({ UF_CRM_DAY }) => UF_CRM_DAY);
    };

    const inSummer = await days();
    emulator.advance(150 * 86_400_000);

    expect(inSummer).toEqual(['2026-01-11T02:00:00+01:00', '2026-07-11T02:00:00+02:00', null]);
    expect(await days()).toEqual(['2026-01-11T01:00:00+01:00', '2026-07-11T01:00:00+02:00', null]);
  });

  it.each([
    ['a day in winter', { '<DATE_CREATE': '2026-01-11' }, []],
    ['a day in summer', { '>=DATE_CREATE': '2026-07-11' }, ['3']],
    ['a local time in summer', { '<=DATE_CREATE': '2026-07-10T23:30:00' }, ['1', '2']],
    ['an instant with an offset', { '>DATE_CREATE': '2026-07-10T21:30:00Z' }, ['3']],
    ['a day of a user field', { '=UF_CRM_DAY': '2026-07-11' }, ['2']],
    ['the local day of an instant', { '=UF_CRM_DAY': '2026-07-10T22:00:00Z' }, ['2']],
  ])('when it is asked for %s › it is the server’s time', async (_, filter, expected) => {
    const { tokens } = await startInBerlin();

    expect(idsOf(await callRest(tokens, 'crm.company.list', { filter }))).toEqual(expected);
  });

  it('when contacts and deals are listed › their days are written in the same way', async () => {
    const { tokens } = await startInBerlin({
      contacts: [aContact({ ID: '1', BIRTHDATE: '1980-06-06' })],
      deals: [aDeal({ ID: '1', BEGINDATE: '2026-06-10', CLOSEDATE: '2026-12-10' })],
    });

    const [contact] = rowsOf(await callRest(tokens, 'crm.contact.list', { select: ['BIRTHDATE'] }));
    const [deal] = rowsOf(await callRest(tokens, 'crm.deal.list', { select: ['BEGINDATE', 'CLOSEDATE'] }));

    expect(contact?.BIRTHDATE).toBe('1980-06-06T01:00:00+02:00');
    expect(deal).toMatchObject({
      BEGINDATE: '2026-06-10T01:00:00+02:00',
      CLOSEDATE: '2026-12-10T01:00:00+01:00',
    });
  });

  it('when the companies are generated › every instant has the offset of its season', async () => {
    const { tokens } = await startInBerlin({ companies: { count: 200, seed: 4 } });

    const rows = rowsOf(await callRest(tokens, 'crm.company.list', { select: ['DATE_CREATE'] }));

    for (const { DATE_CREATE } of rows) {
      const written = String(DATE_CREATE);
      expect(written).toBe(toIsoWithOffset(Date.parse(written), 'Europe/Berlin'));
    }
    expect(new Set(rows.map(({ DATE_CREATE }) => String(DATE_CREATE).slice(-6)))).toEqual(
      new Set(['+01:00', '+02:00']),
    );
  });

  it('when a zone does not exist › the emulator refuses to start', async () => {
    await expect(start({ portals: [aPortal({ serverTimeZone: 'Europe/Atlantis' })] })).rejects.toThrow(
      'Europe/Atlantis',
    );
  });
});
