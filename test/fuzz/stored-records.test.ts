import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { BrowserAgent } from '../support/browser-agent.ts';
import { DAY } from '../support/clock.ts';
import { EACH } from '../support/fuzz.ts';
import { anyJson, anyText } from '../support/hostile-values.ts';
import { startApp, type TestApp } from '../support/start-app.ts';

const EVERYWHERE = ['/', '/companies', '/companies/1', '/overview', '/exports', '/account', '/account/add'];
/** Where what a record holds is shown, or used. */
const PAGES: Record<string, string[]> = {
  browsers: ['/account', ...EVERYWHERE],
  export: ['/exports'],
  exports: ['/exports'],
  limits: ['/companies', '/companies/1'],
  overview: ['/overview'],
  pending: ['/login', `/bitrix?code=x&state=${'A'.repeat(43)}`],
  preferences: ['/companies'],
  session: EVERYWHERE,
  tokens: ['/account', '/companies'],
  visitors: ['/login', '/bitrix?code=x&state=x'],
};

let app: TestApp;
let agent: BrowserAgent;
/** Everything that is stored once somebody has used everything, by its key. */
let records: Map<string, string>;
beforeAll(async () => {
  app = await startApp({ limits: 'localhost=1000/1000' });
  agent = app.agent({ headers: { 'sec-fetch-site': 'same-origin' } });
  await app.signIn(agent);
  await agent.post(`${app.origin}/companies/views`, { name: 'Mine', search: 'q=a' });
  await agent.post(`${app.origin}/exports`, { format: 'csv' });
  await agent.visit(`${app.origin}/overview`);
  await agent.visit(`${app.origin}/account`);
  await fileIsMade();
  await agent.request(`${app.origin}/login`);
  records = await readAll();
});
afterAll(() => app.stop());

describe('a record in the store', () => {
  it('of each kind is there, so that each is tried', () => {
    const kinds = [...records.keys()].map(kindOf);

    expect([...new Set(kinds)].sort()).toEqual(Object.keys(PAGES));
  });

  it('whatever it holds › pages are shown, or say what to do', async () => {
    const replacement = fc.oneof(
      anyJson,
      fc.constantFrom<unknown>(0, -1, 1e300, 8.64e15 + 1, '', {}, [], null),
    );

    await fc.assert(
      fc.asyncProperty(
        fc.nat(),
        fc.nat(),
        fc.oneof(
          { weight: 8, arbitrary: replacement.map((value) => ({ value })) },
          { weight: 1, arbitrary: anyText.map((text) => ({ text })) },
        ),
        fc.constantFrom('text/html', 'application/json'),
        fc.nat(),
        async (pick, place, change, accept, pickPage) => {
          const keys = [...records.keys()];
          const key = keys[pick % keys.length] ?? '';
          const pages = PAGES[kindOf(key)] ?? EVERYWHERE;
          const page = pages[pickPage % pages.length] ?? '/';
          const record =
            'text' in change ? change.text : withChange(records.get(key) ?? '', place, change.value);
          await app.store.set(key, record, DAY);

          const answer = await agent.request(app.origin + page, { headers: { accept } });
          await restore();

          // A portal that seems to be at its limits is left in peace.
          const isPause = answer.status === 503 && answer.headers.has('retry-after');
          if (answer.status >= 500 && !isPause)
            throw new Error(`${page} answered ${answer.status} to ${key} ${record}`);
        },
      ),
      EACH,
    );
  });
});

function kindOf(key: string): string {
  return key.split(':')[1] ?? '';
}

async function readAll(): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for await (const key of app.store.keys('b24:')) {
    const text = await app.store.get(key);
    // What is counted for one minute, and what is told to everybody, is of no person.
    if (text !== null && !key.startsWith('b24:exports:open')) found.set(key, text);
  }
  return found;
}

async function restore(): Promise<void> {
  await Promise.all(
    [...records].map(async ([key, text]) => {
      if ((await app.store.get(key)) !== text) await app.store.set(key, text, DAY);
    }),
  );
}

/** The record with one of its values replaced, counted through from the outermost to the innermost. */
function withChange(record: string, place: number, value: unknown): string {
  const root: Record<string, unknown> = { record: JSON.parse(record) as unknown };
  const places = placesIn(root);
  const [owner, name] = places[place % places.length] ?? [root, 'record'];
  owner[name] = value;
  return JSON.stringify(root.record) ?? '';
}

function placesIn(owner: Record<string, unknown>): [Record<string, unknown>, string][] {
  return Object.entries(owner).flatMap(([name, value]): [Record<string, unknown>, string][] => [
    [owner, name],
    ...(typeof value === 'object' && value !== null ? placesIn(value as Record<string, unknown>) : []),
  ]);
}

async function fileIsMade(): Promise<void> {
  for (;;) {
    const { text } = await agent.visit(`${app.origin}/exports`, { headers: { accept: 'application/json' } });
    if (text.includes('"state":"done"')) return;
  }
}
