import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type CompanyRow, DEMO_CLIENT, type Emulator, startEmulator } from '../../../emulator/index.ts';
import { CompanyCounts, type CountedPeriods, countByKind } from '../../../src/bitrix24/crm/company-counts.ts';
import { createRestClient } from '../../../src/bitrix24/rest/rest-client.ts';
import { RestError } from '../../../src/bitrix24/rest/rest-error.ts';
import type { RestClient } from '../../../src/bitrix24/rest/rest-types.ts';
import { createHttpClient, type HttpClient } from '../../../src/http-client/http-client.ts';
import { TransportError } from '../../../src/http-client/transport-errors.ts';
import { aCompany, aPortal, aUser } from '../../support/builders.ts';

const SELF = { id: 1, name: 'Ada Admin' };
const PERIODS: CountedPeriods = {
  months: [
    { first: '2026-02-01', last: '2026-02-28', period: between('2026-02-01', '2026-03-01') },
    { first: '2026-03-01', last: '2026-03-31', period: between('2026-03-01', '2026-04-01') },
  ],
  sameDaysBefore: between('2026-02-01', '2026-02-06'),
};
const PHONE = [{ ID: '1', VALUE_TYPE: 'WORK', VALUE: '+7 495 000-00-00', TYPE_ID: 'PHONE' as const }];

/** Something of every kind, and the edges of each. */
const COMPANIES: CompanyRow[] = [
  aCompany({
    ID: '1',
    COMPANY_TYPE: 'CUSTOMER',
    REVENUE: '0.01',
    PHONE,
    DATE_CREATE: at('2026-02-01T00:00:00'),
  }),
  aCompany({ ID: '2', COMPANY_TYPE: 'CUSTOMER', REVENUE: '9999.99', DATE_CREATE: at('2026-02-05T23:59:59') }),
  aCompany({ ID: '3', COMPANY_TYPE: null, REVENUE: '10000', DATE_CREATE: at('2026-02-06T00:00:00') }),
  aCompany({ ID: '4', COMPANY_TYPE: 'GONE', REVENUE: null, DATE_CREATE: at('2026-03-01T00:00:00') }),
  aCompany({
    ID: '5',
    INDUSTRY: null,
    REVENUE: '0',
    ASSIGNED_BY_ID: '7',
    DATE_CREATE: at('2026-03-31T23:59:59'),
  }),
  aCompany({
    ID: '6',
    INDUSTRY: 'BANKING',
    REVENUE: '-3',
    ASSIGNED_BY_ID: '404',
    DATE_CREATE: at('2026-04-01T00:00:00'),
  }),
  aCompany({ ID: '7', INDUSTRY: 'BANKING', REVENUE: '1000000000', DATE_CREATE: at('2020-01-01T00:00:00') }),
];

let emulator: Emulator;
let http: HttpClient;
beforeAll(async () => {
  http = createHttpClient({ mayBePrivate: () => true });
  emulator = await startEmulator({
    portals: [
      aPortal({ host: 'localhost', companies: COMPANIES }),
      aPortal({ host: '127.0.0.2', companies: [], dictionaries: { COMPANY_TYPE: many('T', 130) } }),
      aPortal({
        host: '127.0.0.3',
        users: staff(70),
        companies: [aCompany({ ID: '1', ASSIGNED_BY_ID: '70' })],
      }),
      aPortal({
        host: '127.0.0.4',
        users: staff(230),
        companies: [aCompany({ ID: '1', ASSIGNED_BY_ID: '230' })],
      }),
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

describe('countByKind()', () => {
  it('when there is something of every kind › each number is that of the rows', async () => {
    const counts = await count(0);

    expect(counts).toMatchObject({ total: 7, withoutPhone: 6, withoutEmail: 7, sameDaysBefore: 2 });
    expect(some(counts.types)).toEqual({ CUSTOMER: 5, '': 1 });
    expect(some(counts.industries)).toEqual({ IT: 4, BANKING: 2, '': 1 });
    expect(counts.months.map((month) => month.count)).toEqual([3, 2]);
    expect(counts.responsible?.people.map(({ id, count }) => [id, count])).toEqual([
      [1, 5],
      [9, 0],
      [7, 1],
    ]);
    expect(counts.revenue.map(({ from, count }) => [from, count])).toEqual([
      [null, 2],
      [0.01, 2],
      [10_000, 1],
      [100_000, 0],
      [1_000_000, 0],
      [10_000_000, 0],
      [100_000_000, 0],
      [1_000_000_000, 1],
    ]);
  });

  it('when values have names › they are those of the portal', async () => {
    const { types, responsible } = await count(0);

    expect(types?.slice(0, 2)).toEqual([
      { id: 'CUSTOMER', name: 'Client', count: 5 },
      { id: 'SUPPLIER', name: 'Supplier', count: 0 },
    ]);
    expect(types?.at(-1)).toEqual({ id: '', name: null, count: 1 });
    expect(responsible?.people[0]).toEqual({ id: 1, name: 'Ada Admin', count: 5 });
  });

  it('when a portal user sees only their own companies › those are counted', async () => {
    const counts = await countByKind(clientOf(0, 7), { id: 7, name: 'Max' }, PERIODS);

    expect(counts.total).toBe(1);
    expect(some(counts.types)).toEqual({ CUSTOMER: 1 });
  });

  it('when it is done › a few requests have counted, and asked for nothing but ids', async () => {
    await count(0);

    expect(emulator.requests.map(({ restMethod }) => restMethod)).toEqual(['batch', 'batch']);
    const commands = Object.values((emulator.requests[1]?.params.cmd ?? {}) as Record<string, string>);
    expect(commands.length).toBeLessThanOrEqual(50);
    for (const command of commands) {
      expect(command).toMatch(/^crm\.company\.list\?select%5B0%5D=ID&.*start=0$/);
    }
  });

  it('when there are more than 50 questions › no request holds more', async () => {
    const counts = await count(1);

    expect(counts.types).toHaveLength(101);
    expect(emulator.requests.every(({ commands = [] }) => commands.length <= 50)).toBe(true);
    expect(emulator.requests.length).toBeGreaterThan(3);
  });

  it('when there are more people than one page › all are counted, up to those whom filters offer', async () => {
    const counts = await count(2);

    expect(counts.responsible?.isEverybody).toBe(true);
    expect(counts.responsible?.people).toHaveLength(70);
    expect(counts.responsible?.people.at(-1)).toEqual({ id: 70, name: 'Some Body', count: 1 });
  });

  it('when there are more people than filters offer › the one who asks is counted all the same', async () => {
    const counts = await countByKind(clientOf(3, 230), { id: 230, name: 'Zoe' }, PERIODS);

    expect(counts.responsible?.isEverybody).toBe(false);
    expect(counts.responsible?.people).toHaveLength(201);
    expect(counts.responsible?.people.at(-1)).toEqual({ id: 230, name: 'Zoe', count: 1 });
    expect(emulator.requests.length).toBeLessThanOrEqual(6);
  });

  it('when it is read back from JSON › it is the same', async () => {
    const counts = await count(0);

    expect(CompanyCounts.parse(JSON.parse(JSON.stringify(counts)))).toEqual(counts);
  });
});

describe('countByKind(), when something is refused', () => {
  it('when people may not be read › everything else is counted', async () => {
    refuse('user.get', 'insufficient_scope');

    const counts = await count(0);

    expect(counts.responsible).toBeNull();
    expect(counts.total).toBe(7);
  });

  it('when the dictionaries may not be read › everything else is counted', async () => {
    refuse('crm.status.list', 'insufficient_scope', 2);

    const counts = await count(0);

    expect([counts.types, counts.industries]).toEqual([null, null]);
    expect(counts.total).toBe(7);
  });

  it('when one number fails for good › it is null and the others are there', async () => {
    const counts = await countByKind(withAnswer(1, failed('ERROR_CORE')), SELF, PERIODS);

    expect(counts.withoutPhone).toBeNull();
    expect(counts.withoutEmail).toBe(7);
  });

  it('when one number fails for a moment › it is asked for again', async () => {
    refuse('crm.company.list', 'INTERNAL_SERVER_ERROR');

    const counts = await count(0);

    expect(counts.total).toBe(7);
    expect(emulator.requests).toHaveLength(3);
  });

  it.each([['access_denied'], ['sign_in_required']])(
    'when the portal says %s in the middle › nothing is counted',
    async (code) => {
      const answer = failed(code === 'access_denied' ? 'insufficient_scope' : 'authorization_error');

      await expect(countByKind(withAnswer(9, answer), SELF, PERIODS)).rejects.toMatchObject({ code });
    },
  );

  it('when CRM may not be read › it is refused', async () => {
    await expect(countByKind(clientOf(0, 9), { id: 9, name: null }, PERIODS)).rejects.toMatchObject({
      code: 'access_denied',
      status: 403,
    });
  });

  it('when the portal does not count at all › that is no number', async () => {
    const page = Array.from({ length: 50 }, (_, index) => ({ ID: String(index + 1) }));
    const uncounted = withAnswer(0, { result: page });

    await expect(countByKind(uncounted, SELF, PERIODS)).rejects.toMatchObject({ code: 'portal_failed' });
  });

  it('when a request fails › all of it fails', async () => {
    emulator.orderFault({ on: 'rest', times: 9, effect: { type: 'html', status: 502 } });

    await expect(count(0)).rejects.toMatchObject({ code: 'portal_failed' });
  });
});

describe('countByKind(), when the portal is slow', () => {
  it('when so many at once take too long › fewer are asked for', async () => {
    const sizes: number[] = [];
    const client = clientOf(0);
    const slow: RestClient = {
      ...client,
      async batchUpTo(commands) {
        sizes.push(commands.length);
        if (commands.length > 15) throw tooLong();
        return client.batchUpTo(commands);
      },
    };

    const counts = await countByKind(slow, SELF, PERIODS);

    expect(counts.total).toBe(7);
    expect(sizes.slice(0, 3)).toEqual([36, 18, 9]);
  });

  it('when a single one takes too long › it gives up', async () => {
    const client: RestClient = {
      ...clientOf(0),
      batchUpTo: async () => {
        throw tooLong();
      },
    };

    await expect(countByKind(client, SELF, PERIODS)).rejects.toMatchObject({ code: 'portal_timeout' });
  });
});

const count = (portal: number) => countByKind(clientOf(portal), SELF, PERIODS);
const tooLong = () => new TransportError('portal', 'timeout', { timedOut: true, neverSent: false });

function clientOf(portal: number, userId = 1): RestClient {
  const access = emulator.portals[portal]?.issueTokens({ clientId: DEMO_CLIENT.clientId, userId });
  if (access === undefined) throw new Error('there is no such portal');
  return createRestClient({ http, tokens: { current: async () => access, renewed: async () => access } });
}

/** Answers this to one of the first questions, whenever it is asked alone or first. */
function withAnswer(question: number, answer: { result: unknown } | { error: RestError }): RestClient {
  const client = clientOf(0);
  return {
    ...client,
    async batchUpTo(commands) {
      const answers = await client.batchUpTo(commands);
      return answers.map((each, index) => (index === question ? answer : each));
    },
  };
}

function failed(wireCode: string): { error: RestError } {
  const codes: Record<string, string> = {
    insufficient_scope: 'access_denied',
    authorization_error: 'sign_in_required',
  };
  const code = codes[wireCode] ?? 'portal_failed';
  return { error: new RestError('crm.company.list', wireCode, { code, status: 502 }) };
}

function refuse(restMethod: string, error: string, times = 1): void {
  emulator.orderFault({ on: 'rest', restMethod, times, effect: { type: 'error', status: 400, error } });
}

/** The numbers that are not 0, by id. */
function some(values: { id: string; count: number | null }[] | null): Record<string, number | null> {
  return Object.fromEntries(
    (values ?? []).filter(({ count }) => count !== 0).map(({ id, count }) => [id, count]),
  );
}

function between(first: string, before: string) {
  return { from: at(`${first}T00:00:00`), before: at(`${before}T00:00:00`) };
}

function at(local: string): string {
  return `${local}+03:00`;
}

function many(prefix: string, count: number) {
  return Array.from({ length: count }, (_, index) => ({
    STATUS_ID: `${prefix}${index}`,
    NAME: `Name ${index}`,
  }));
}

function staff(count: number) {
  return Array.from({ length: count }, (_, index) =>
    aUser({ id: index + 1, login: `user${index + 1}`, crm: 'all' }),
  );
}
