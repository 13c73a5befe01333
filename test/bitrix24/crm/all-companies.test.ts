import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type CompanyRow,
  DEMO_CLIENT,
  type EmulatedPortal,
  type Emulator,
  startEmulator,
} from '../../../emulator/index.ts';
import { readWholeList, type WholeListOptions } from '../../../src/bitrix24/crm/all-companies.ts';
import type { Company } from '../../../src/bitrix24/crm/company.ts';
import { ALL_COMPANIES } from '../../../src/bitrix24/crm/company-filter.ts';
import { createRateLimiter } from '../../../src/bitrix24/limits/rate-limiter.ts';
import { createRestClient } from '../../../src/bitrix24/rest/rest-client.ts';
import type { RestClient } from '../../../src/bitrix24/rest/rest-types.ts';
import { createHttpClient, type HttpClient } from '../../../src/http-client/http-client.ts';
import { aCompany, aPortal, aUser } from '../../support/builders.ts';
import { NO_LIMITS } from '../../support/export-portals.ts';
import { letTimersRun, stopTimers } from '../../support/stopped-timers.ts';

/** More than two full batches of pages, and not a whole number of pages. */
const MANY = 5_321;

const limiter = createRateLimiter(NO_LIMITS);
let emulator: Emulator;
let http: HttpClient;
beforeAll(async () => {
  http = createHttpClient({ mayBePrivate: () => true });
  emulator = await startEmulator({
    portals: [
      aPortal({ host: 'localhost', companies: dense(MANY) }),
      aPortal({ host: '127.0.0.2', companies: sparse() }),
      aPortal({ host: '127.0.0.3', companies: [] }),
      aPortal({ host: '127.0.0.4', companies: dense(50) }),
      aPortal({ host: '127.0.0.5', users: staff(130), companies: dense(130, assignedInTurn) }),
      aPortal({ host: '127.0.0.6', companies: dense(80, (id) => ([5, 77].includes(id) ? PHONED : {})) }),
    ],
  });
});
afterAll(async () => {
  http.close();
  await emulator.stop();
});
afterEach(() => {
  emulator.clearFaults();
  emulator.clearRequests();
});

describe('readWholeList', () => {
  describe('when nothing goes wrong', () => {
    it('reads every company once, in the order of ids', async () => {
      const { companies } = await readAll(0);

      expect(companies.map(({ id }) => id)).toEqual(range(1, MANY));
    });

    it('reads them as a page of the list does', async () => {
      const { companies } = await readAll(0);

      expect(companies[4_000]).toEqual({
        id: 4_001,
        title: 'Company 4001',
        type: { id: 'CUSTOMER', name: 'Client' },
        employees: null,
        industry: { id: 'IT', name: 'Information technology' },
        phones: [],
        emails: [],
        revenue: 1000,
        currency: 'EUR',
        responsible: { id: 1, name: 'Ada Admin' },
        created: '2026-03-05T10:20:30+03:00',
        modified: '2026-04-06T11:21:31+03:00',
      });
    });

    it('asks for 50 pages in a request, and counts nothing', async () => {
      await readAll(0);

      const batches = emulator.requests.filter(({ restMethod }) => restMethod === 'batch');
      const pages = batches.flatMap(({ commands = [] }) =>
        commands.filter((name) => name === 'crm.company.list'),
      );
      expect(batches.length).toBeLessThanOrEqual(5);
      // One page each for the beginning, the end, and to see that nothing follows.
      expect(pages.length).toBeLessThanOrEqual(Math.ceil(MANY / 50) + 4);
      expect(JSON.stringify(batches.map(({ params }) => params))).not.toContain('start=0');
    });

    it('finds those that are far apart, in few requests', async () => {
      const { companies } = await readAll(1);

      expect(companies.map(({ id }) => id)).toEqual(sparse().map(({ ID }) => Number(ID)));
      expect(emulator.requests.length).toBeLessThanOrEqual(30);
    });

    it.each([
      ['none', 2, 0],
      ['exactly one page', 3, 50],
    ])('ends where there are %s', async (_case, portal, count) => {
      const { companies } = await readAll(portal);

      expect(companies).toHaveLength(count);
    });

    it('keeps to a filter', async () => {
      const { companies } = await readAll(1, {
        filter: { ...ALL_COMPANIES, search: { by: 'title', text: 'seven' } },
      });

      const expected = sparse().filter(({ TITLE }) => TITLE.includes('seven'));
      expect(companies.map(({ id }) => id)).toEqual(expected.map(({ ID }) => Number(ID)));
      expect(expected.length).toBeGreaterThan(50);
    });

    it('keeps to a search by phone, and names nobody where nothing is found', async () => {
      const search = (text: string) => ({
        filter: { ...ALL_COMPANIES, search: { by: 'phone' as const, text } },
      });

      const found = await readAll(5, search('8 (499) 111-00-22'));
      const none = await readAll(5, search('+7 499 111-00-33'));

      expect(found.companies.map(({ id }) => id)).toEqual([5, 77]);
      expect(none.companies).toEqual([]);
    });

    it('takes the token of a search that has found others meanwhile', async () => {
      const filter = { ...ALL_COMPANIES, search: { by: 'phone' as const, text: '+7 499 111-00-22' } };
      const { resumeToken } = await readAll(5, { filter });
      portalAt(5).putCompany(aCompany({ ID: '200', PHONE: phone('4991110022') }));

      const { companies } = await readAll(5, { filter, resumeToken });
      portalAt(5).removeCompany('200');

      expect(companies.map(({ id }) => id)).toEqual([200]);
    });

    it('names all people who are responsible, however many they are', async () => {
      const { companies } = await readAll(4);

      expect(companies.map(({ responsible }) => responsible?.name)).toEqual(
        range(1, 130).map((id) => `Name${id} Body`),
      );
    });
  });

  describe('when it is broken off', () => {
    it('goes on behind the last part, in another reading', async () => {
      const first: number[] = [];
      let token = '';
      for await (const { companies, resumeToken } of readWholeList(optionsFor(0))) {
        first.push(...companies.map(({ id }) => id));
        token = resumeToken;
        if (first.length >= 3_000) break;
      }

      const { companies } = await readAll(0, { resumeToken: token });

      expect([...first, ...companies.map(({ id }) => id)]).toEqual(range(1, MANY));
    });

    it('takes no token of another filter', async () => {
      const { resumeToken } = await readAll(3);

      await expect(
        readAll(3, { resumeToken, filter: { ...ALL_COMPANIES, types: ['PARTNER'] } }),
      ).rejects.toMatchObject({
        code: 'invalid_request',
      });
    });

    it('by a signal ends at once with its reason, and asks nothing more', async () => {
      const stop = new AbortController();
      const held = emulator.orderFault({ on: 'rest', times: 99, effect: { type: 'hold', when: 'before' } });
      // No deadline can end it: neither the portal nor a timer will.
      stopTimers('setTimeout');
      const reading = readAll(0, { signal: stop.signal });
      await held.reached();

      stop.abort(new Error('enough'));

      await expect(reading).rejects.toThrow('enough');
      letTimersRun();
      expect(held.served).toBe(1);
    });
  });

  describe('when the portal is in trouble', () => {
    it.each([
      ['a command fails', { type: 'error', status: 400, error: 'INTERNAL_SERVER_ERROR' }, 'crm.company.list'],
      ['a request fails', { type: 'drop', when: 'before' }, undefined],
      ['an answer is a page', { type: 'html', status: 502 }, undefined],
    ] as const)('because %s, reads all the same and nothing twice', async (_case, effect, restMethod) => {
      const reading = readAll(0, {}, () => {
        emulator.orderFault({ on: 'rest', times: 2, effect, ...(restMethod ? { restMethod } : {}) });
      });

      const { companies } = await reading;

      expect(companies.map(({ id }) => id)).toEqual(range(1, MANY));
    });

    it('because five answers at once are too large, asks for less and reads all the same', async () => {
      const effect = { type: 'huge', bytes: 6 * 1024 * 1024 } as const;

      const { companies } = await readAll(1, {}, () => {
        emulator.orderFault({ on: 'rest', times: 6, effect });
      });

      expect(companies.map(({ id }) => id)).toEqual(sparse().map(({ ID }) => Number(ID)));
    });

    it('so that its circuit breaker opens, waits and goes on', async () => {
      const { companies } = await readAll(1, {}, () => {
        emulator.orderFault({ on: 'rest', times: 8, effect: { type: 'html', status: 502 } });
      });

      expect(companies.map(({ id }) => id)).toEqual(sparse().map(({ ID }) => Number(ID)));
    });

    it('for good, ends with its error, and what was read can be resumed', async () => {
      const read: number[] = [];
      let token = '';
      const reading = (async () => {
        for await (const { companies, resumeToken } of readWholeList(optionsFor(0))) {
          read.push(...companies.map(({ id }) => id));
          token = resumeToken;
          if (read.length === 50) {
            const effect = { type: 'error', status: 401, error: 'insufficient_scope' } as const;
            emulator.orderFault({ on: 'rest', times: 999, effect });
          }
        }
      })();
      await expect(reading).rejects.toMatchObject({ code: 'access_denied' });
      emulator.clearFaults();

      const { companies } = await readAll(0, { resumeToken: token });

      expect([...read, ...companies.map(({ id }) => id)]).toEqual(range(1, MANY));
    });
  });

  describe('when names are refused', () => {
    it.each([
      ['types and industries', 'crm.status.list', 3],
      // Once beside the first page, once by itself.
      ['people', 'user.get', 2],
    ])('those of %s for a moment, asks again and has them all', async (_case, restMethod, times) => {
      refuse(restMethod, 'ERROR_CORE', times);

      const { companies } = await readAll(3);

      expect(companies).toHaveLength(50);
      expect(companies.filter(({ type, responsible }) => !type?.name || !responsible?.name)).toEqual([]);
    });

    it('for longer than the first page, has them from the next ones on', async () => {
      const asks = 2;
      refuse('crm.status.list', 'ERROR_CORE', 3 * asks);

      const { companies } = await readAll(4);

      expect(companies.map(({ type }) => type?.name ?? null)).toEqual([
        ...Array(50).fill(null),
        ...Array(80).fill('Client'),
      ]);
    });

    it('for good, asks no more than a few times and hands out ids', async () => {
      refuse('crm.status.list', 'ERROR_CORE', 999);
      refuse('user.get', 'ERROR_CORE', 999);

      const { companies } = await readAll(0);

      expect(companies).toHaveLength(MANY);
      expect(companies.at(-1)).toMatchObject({ type: { name: null }, responsible: { id: 1, name: null } });
      expect(requestsFor('user.get').length).toBeLessThanOrEqual(8);
      expect(requestsFor('crm.status.list').length).toBeLessThanOrEqual(8);
    }, 30_000);

    it.each([
      ['people', 'user.get', 'insufficient_scope'],
      ['types and industries', 'crm.status.list', 'ACCESS_DENIED'],
    ])('those of %s because a right is missing, never asks again', async (_case, restMethod, error) => {
      refuse(restMethod, error, 999);

      const { companies } = await readAll(4);

      expect(companies).toHaveLength(130);
      expect(requestsFor(restMethod)).toHaveLength(1);
    });
  });

  describe('when companies come and go meanwhile', () => {
    it('those that are removed lose and repeat nothing else', async () => {
      const portal = portalAt(1);
      const gone = [sparse()[2], sparse()[700], sparse()[1_500]].map((row) => row?.ID ?? '');

      const { companies } = await readAll(1, {}, () => {
        for (const id of gone) portal.removeCompany(id);
      });
      for (const row of sparse()) if (gone.includes(row.ID)) portal.putCompany(row);

      const ids = companies.map(({ id }) => String(id));
      expect(new Set(ids).size).toBe(ids.length);
      expect(sparse().filter(({ ID }) => !ids.includes(ID) && !gone.includes(ID))).toEqual([]);
    });

    it('those that are added at the end are found', async () => {
      const portal = portalAt(3);
      portal.putCompany(aCompany({ ID: '51' }));

      const { companies } = await readAll(3, {}, () => portal.putCompany(aCompany({ ID: '60' })));
      for (const id of ['51', '60']) portal.removeCompany(id);

      expect(companies.map(({ id }) => id)).toEqual([...range(1, 51), 60]);
    });
  });

  it('when a row cannot be read › leaves it out, counts it, and reads on', async () => {
    const client = strange([7, 50, 2_600]);

    let strangeRows = 0;
    const ids: number[] = [];
    for await (const part of readWholeList({ clientFor: (signal) => client(signal) })) {
      strangeRows += part.strangeRows;
      ids.push(...part.companies.map(({ id }) => id));
    }

    expect(strangeRows).toBe(3);
    expect(ids).toEqual(range(1, MANY).filter((id) => ![7, 50, 2_600].includes(id)));
  });
});

function refuse(restMethod: string, error: string, times: number): void {
  emulator.orderFault({ on: 'rest', restMethod, times, effect: { type: 'error', status: 400, error } });
}

function requestsFor(restMethod: string) {
  return emulator.requests.filter(({ commands = [] }) => commands.includes(restMethod));
}

function portalAt(index: number): EmulatedPortal {
  const portal = emulator.portals[index];
  if (portal === undefined) throw new Error('there is no such portal');
  return portal;
}

function optionsFor(portal: number, more: Partial<WholeListOptions> = {}): WholeListOptions {
  const access = portalAt(portal).issueTokens({ clientId: DEMO_CLIENT.clientId, userId: 1 });
  return {
    clientFor: (signal) => {
      const { host, hostname } = new URL(access.clientEndpoint);
      const priority = { kind: 'background', maxWaitMs: Number.POSITIVE_INFINITY, signal } as const;
      return createRestClient({
        http,
        tokens: { current: async () => access, renewed: async () => access },
        limits: { limiter, portal: { memberId: portalAt(portal).memberId, host, hostname }, priority },
      });
    },
    ...more,
  };
}

/** @param onFirst  called when the first part is there */
async function readAll(portal: number, more: Partial<WholeListOptions> = {}, onFirst = () => {}) {
  const companies: Company[] = [];
  let resumeToken = '';
  let isFirst = true;
  for await (const part of readWholeList(optionsFor(portal, more))) {
    companies.push(...part.companies);
    resumeToken = part.resumeToken;
    if (isFirst) onFirst();
    isFirst = false;
  }
  return { companies, resumeToken };
}

/** As a portal that answers rows whose ids nobody can read. */
function strange(ids: number[]): (signal: AbortSignal) => RestClient {
  return (signal) => {
    const client = optionsFor(0).clientFor(signal);
    const spoil = (answer: { result?: unknown }) => ({
      ...answer,
      result: Array.isArray(answer.result)
        ? answer.result.map((row: { ID?: string }) =>
            ids.includes(Number(row.ID)) ? { ...row, ID: 'x' } : row,
          )
        : answer.result,
    });
    return {
      ...client,
      async batch(commands) {
        const answers = await client.batch(commands);
        return Object.fromEntries(
          Object.entries(answers).map(([name, answer]) => [name, spoil(answer as object)]),
        ) as typeof answers;
      },
      batchUpTo: async (commands) =>
        (await client.batchUpTo(commands)).map((answer) => spoil(answer as object) as never),
    };
  };
}

const PHONED = { PHONE: phone('+7 499 111-00-22') };

function phone(value: string): NonNullable<CompanyRow['PHONE']> {
  return [{ ID: '1', VALUE_TYPE: 'WORK', VALUE: value, TYPE_ID: 'PHONE' }];
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

function dense(count: number, more: (id: number) => Partial<CompanyRow> = () => ({})): CompanyRow[] {
  return range(1, count).map((id) => aCompany({ ID: String(id), ...more(id) }));
}

function assignedInTurn(id: number): Partial<CompanyRow> {
  return { ASSIGNED_BY_ID: String(id) };
}

function staff(count: number) {
  return range(1, count).map((id) =>
    aUser({ id, login: `user${id}`, name: `Name${id}`, admin: id === 1, crm: 'all' }),
  );
}

/** An old portal: gaps of all sizes, a crowd in the middle, and one far out. */
function sparse(): CompanyRow[] {
  const ids = [
    ...range(1, 600).map((step) => step * 37),
    ...range(50_000, 51_200),
    ...range(1, 300).map((step) => 60_000 + step * 911),
    5_000_000,
  ];
  return ids.map((id) => aCompany({ ID: String(id), TITLE: id % 7 === 0 ? `seven ${id}` : `Company ${id}` }));
}
