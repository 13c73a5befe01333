import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { DEMO_CLIENT, type Emulator, startEmulator } from '../../../emulator/index.ts';
import { countRows } from '../../../src/bitrix24/rest/pages.ts';
import { createRestClient } from '../../../src/bitrix24/rest/rest-client.ts';
import type { Params, RestAnswer, RestClient } from '../../../src/bitrix24/rest/rest-types.ts';
import { type CallLimits, createHttpClient, type HttpClient } from '../../../src/http-client/http-client.ts';
import { aCompany, aPortal, aUser } from '../../support/builders.ts';

const COMPANIES = 130;

let emulator: Emulator;
let http: HttpClient;
let client: RestClient;
beforeAll(async () => {
  const companies = Array.from({ length: COMPANIES }, (_, index) => aCompany({ ID: String(index + 1) }));
  const users = Array.from({ length: 53 }, (_, index) =>
    aUser({ id: index + 1, login: `u${index + 1}`, crm: 'all' }),
  );
  emulator = await startEmulator({ portals: [aPortal({ companies, users })] });
  http = createHttpClient({ mayBePrivate: () => true });
});
beforeEach(() => {
  emulator.clearFaults();
  const access = emulator.portals[0]?.issueTokens({ clientId: DEMO_CLIENT.clientId, userId: 1 });
  if (access === undefined) throw new Error('the emulator has no portal');
  client = createRestClient({ http, tokens: { current: async () => access, renewed: async () => access } });
});
afterAll(async () => {
  http.close();
  await emulator.stop();
});

describe('pages(), of a portal', () => {
  it.each([
    ['crm.company.list', [50, 50, 30], COMPANIES],
    ['user.get', [50, 3], 53],
  ])('of %s › yields every row once, page by page', async (method, sizes, total) => {
    const answers = await collect(client.pages(method));

    expect(answers.map(({ result }) => countRows(result))).toEqual(sizes);
    expect(answers.map((answer) => answer.total)).toEqual(sizes.map(() => total));
    expect(new Set(answers.flatMap(idsIn)).size).toBe(total);
  });

  it('with a filter, an order and a start › passes them to every page', async () => {
    const params = { filter: { '<=ID': 120 }, order: { ID: 'DESC' }, select: ['ID'], start: 50 };

    const answers = await collect(client.pages('crm.company.list', params));

    expect(answers.flatMap(idsIn)).toEqual(Array.from({ length: 70 }, (_, index) => 70 - index));
  });

  it('with start -1 › yields the first page alone, because the portal counts nothing', async () => {
    const answers = await collect(client.pages('crm.company.list', { start: -1 }));

    expect(answers).toHaveLength(1);
    expect(answers[0]?.total).toBe(undefined);
  });

  it('when the caller stops reading › asks for no further page', async () => {
    const before = emulator.requests.length;

    for await (const _ of client.pages('crm.company.list')) break;

    expect(emulator.requests.length - before).toBe(1);
  });

  it('when a page is refused › throws its error', async () => {
    const pages = client.pages('crm.company.list');
    await pages.next();
    emulator.orderFault({ on: 'rest', effect: { type: 'error', status: 403, error: 'insufficient_scope' } });

    await expect(pages.next()).rejects.toMatchObject({ code: 'access_denied' });
  });

  it('when the signal aborts during a call › throws its reason at once', async () => {
    const stop = new AbortController();
    const held = emulator.orderFault({ on: 'rest', effect: { type: 'hold', when: 'before' } });
    const reading = collect(client.pages('crm.company.list', {}, { signal: stop.signal }));
    await held.reached();

    stop.abort(new Error('enough'));

    await expect(reading).rejects.toThrow('enough');
  });

  it('when the signal aborts between two pages › asks for no further page', async () => {
    const stop = new AbortController();
    const pages = client.pages('crm.company.list', {}, { signal: stop.signal });
    await pages.next();
    const before = emulator.requests.length;

    stop.abort(new Error('enough'));

    await expect(pages.next()).rejects.toThrow('enough');
    expect(emulator.requests.length).toBe(before);
  });
});

describe('pages(), of odd answers', () => {
  const rows = (count: number) => Array.from({ length: count }, (_, index) => ({ ID: index }));

  it.each<[string, object[], unknown[]]>([
    ['next is text', [{ result: rows(50), next: '50' }, { result: rows(1) }], [undefined, 50]],
    [
      'next is the same',
      [
        { result: rows(50), next: 50 },
        { result: rows(50), next: 50 },
      ],
      [undefined, 50],
    ],
    [
      'next is smaller',
      [
        { result: rows(50), next: 100 },
        { result: rows(50), next: 50 },
      ],
      [undefined, 100],
    ],
    ['next is 0', [{ result: rows(50), next: 0 }], [undefined]],
    ['next is negative', [{ result: rows(50), next: -50 }], [undefined]],
    ['next is no number', [{ result: rows(50), next: { a: 1 } }], [undefined]],
    ['next is an empty text', [{ result: rows(50), next: '' }], [undefined]],
    ['next is null', [{ result: rows(50), next: null }], [undefined]],
    ['a full page has no next', [{ result: rows(50), total: 500 }], [undefined]],
    ['a short page has a next', [{ result: rows(3), next: 50 }, { result: rows(1) }], [undefined, 50]],
    ['a page without rows has a next', [{ result: [], next: 50 }], [undefined]],
    [
      'the rows are items',
      [{ result: { items: rows(50) }, next: 50 }, { result: { items: [] } }],
      [undefined, 50],
    ],
    ['there are no tasks', [{ result: { tasks: [] }, next: 50 }], [undefined]],
    ['the result is a text', [{ result: 'odd', next: 50 }, { result: 'odd' }], [undefined, 50]],
  ])('when %s › ends in time', async (_case, answers, starts) => {
    const asked: unknown[] = [];
    const odd = clientAnswering(answers, asked);

    const pages = await collect(odd.pages('tasks.task.list', { filter: { A: 1 } }));

    expect(pages.map(({ result }) => result)).toEqual(answers.map((answer) => (answer as RestAnswer).result));
    expect(asked).toEqual(starts);
  });

  it('when the total is missing › yields the pages all the same', async () => {
    const pages = await collect(
      clientAnswering([{ result: rows(50), next: 50 }, { result: rows(2) }]).pages('user.get'),
    );

    expect(pages.map(({ total }) => total)).toEqual([undefined, undefined]);
  });
});

describe('countRows()', () => {
  it.each<[unknown, number | undefined]>([
    [[1, 2], 2],
    [{ items: [1] }, 1],
    [{ tasks: [], total: 5 }, 0],
    [{ one: [], other: [] }, undefined],
    [{}, undefined],
    [null, undefined],
    ['text', undefined],
  ])('of %j is %j', (result, count) => {
    expect(countRows(result)).toBe(count);
  });
});

/** Gives one answer after the other, and notes the `start` of each request. */
function clientAnswering(answers: object[], asked: unknown[] = []): RestClient {
  const rest = [...answers];
  return createRestClient({
    http: {
      assertCircuitClosed() {},
      async postJson(_url: URL, body: object, _limits: CallLimits) {
        asked.push((body as Params).start);
        return { status: 200, body: rest.shift() };
      },
    } as Partial<HttpClient> as HttpClient,
    tokens: {
      current: async () => ({ accessToken: 'one', clientEndpoint: 'https://acme.bitrix24.com/rest/' }),
      renewed: async (failed) => failed,
    },
  });
}

async function collect(pages: AsyncIterable<RestAnswer>): Promise<RestAnswer[]> {
  const answers: RestAnswer[] = [];
  for await (const answer of pages) answers.push(answer);
  return answers;
}

function idsIn({ result }: RestAnswer): number[] {
  return (result as { ID: string }[]).map(({ ID }) => Number(ID));
}
