import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { BrowserAgent } from '../support/browser-agent.ts';
import { aCompany, aPortal } from '../support/builders.ts';
import { startApp, type TestApp } from '../support/start-app.ts';
import { letTimersRun, pass, passUntil, stopTimers } from '../support/stopped-timers.ts';

const COUNTING_MS = 1_200;

let app: TestApp;
let admin: BrowserAgent;
beforeAll(async () => {
  const companies = Array.from({ length: 61 }, (_, index) => aCompany({ ID: String(index + 1) }));
  app = await startApp({
    cacheSeconds: 30,
    emulator: { portals: [aPortal({ companies })], countingMs: COUNTING_MS },
  });
  admin = app.agent();
  // The first page is how the application finds out that counting takes long here.
  await app.signIn(admin);
});
afterAll(() => app.stop());

describe('the list where counting takes longer than a second', () => {
  it('when shown again › comes with its rows first, and with the total when that is there', async () => {
    forgetAnswers();

    // What counts is held back, so that the rows come before it or not at all.
    const counting = app.emulator.orderFault({
      on: 'rest',
      restMethod: 'crm.company.list',
      effect: { type: 'hold', when: 'after' },
    });
    const { first, whole } = await watchPage('/companies', () => counting.release());

    expect(first).toContain('Counting…');
    expect(first).toContain('href="/companies/61"');
    expect(first).not.toContain('1–50 of 61');
    expect(whole).toContain('1–50 of 61');
  });

  it('when the total was counted a moment ago › asks for neither again', async () => {
    app.emulator.clearRequests();

    const { whole } = await watchPage('/companies');

    expect(whole).toContain('1–50 of 61');
    expect(app.emulator.requests).toEqual([]);
  });

  it('when a program asks › waits for the total', async () => {
    forgetAnswers();

    const answer = await admin.request(`${app.origin}/companies`, {
      headers: { accept: 'application/json' },
    });

    expect(JSON.parse(answer.text)).toMatchObject({ total: 61 });
  });

  it('when counting fails › says so, and still leads on', async () => {
    forgetAnswers();
    app.emulator.orderFault({
      on: 'rest',
      restMethod: 'crm.company.list',
      times: 9,
      effect: { type: 'answer', status: 400, body: { error: 'ODD' } },
    });

    const { whole } = await watchPage('/companies');
    app.emulator.clearFaults();

    expect(whole).toContain('href="/companies/61"');
    expect(whole).toContain('could not be counted');
    expect(whole).toContain('href="/companies?page=2"');
    expect(whole.trimEnd().endsWith('</html>')).toBe(true);
  });
});

describe('the list of a portal that does not get done with counting', () => {
  let slow: TestApp;
  beforeAll(async () => {
    const companies = Array.from({ length: 61 }, (_, index) => aCompany({ ID: String(index + 1) }));
    slow = await startApp({ emulator: { portals: [aPortal({ companies })] } });
  });
  afterAll(() => slow.stop());
  afterEach(() => {
    letTimersRun();
    slow.emulator.clearFaults();
  });

  /** Nothing is counted before the test is over. */
  const holdCounting = (restMethod: string, times = 1) =>
    slow.emulator.orderFault({ on: 'rest', restMethod, times, effect: { type: 'hold', when: 'before' } });

  it('comes with its rows after three seconds at first, and at once when shown again', async () => {
    const agent = slow.agent();
    await slow.signIn(agent, 'admin', { path: '/account' });
    const counting = holdCounting('batch');
    const countingAlone = holdCounting('crm.company.list', 2);
    stopTimers('setTimeout');

    const firstRows = rowsOf(slow, agent);
    await counting.reached();
    await pass(3_000);
    await passUntil(firstRows);
    const first = await firstRows;
    // No timer moves any more.
    const again = await rowsOf(slow, agent);

    expect([first, again]).toEqual([
      expect.stringContaining('href="/companies/61"'),
      expect.stringContaining('href="/companies/61"'),
    ]);
    expect(countingAlone.served).toBeGreaterThan(0);
  });
});

it('a card of a portal that does not get done with counting › waits for half a second, not until rows without a total come', async () => {
  const companies = Array.from({ length: 61 }, (_, index) => aCompany({ ID: String(index + 1) }));
  const slow = await startApp({ emulator: { portals: [aPortal({ companies })], countingMs: 60_000 } });
  try {
    const agent = slow.agent();
    await slow.signIn(agent, 'admin', { path: '/account' });
    slow.emulator.clearRequests();
    stopTimers('setTimeout');

    const asked = agent.request(`${slow.origin}/companies/5`);
    const isAnswered = () =>
      slow.emulator.requests.some(({ commands }) => commands?.includes('crm.company.get'));
    while (!isAnswered()) await new Promise((resolve) => setImmediate(resolve));
    const passedMs = await passUntil(asked);

    expect((await asked).status).toBe(200);
    expect(passedMs).toBeGreaterThanOrEqual(500);
    expect(passedMs).toBeLessThan(3_000);
  } finally {
    letTimersRun();
    await slow.stop();
  }
});

/** The beginning of a list, up to its rows. */
async function rowsOf(from: TestApp, agent: BrowserAgent): Promise<string> {
  const answer = await fetch(`${from.origin}/companies`, { headers: headersOf(from, agent) });
  // Without it nginx keeps the rows back until the total is there.
  expect(answer.headers.get('x-accel-buffering')).toBe('no');
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of answer.body as unknown as AsyncIterable<Uint8Array>) {
    text += decoder.decode(chunk, { stream: true });
    // Leaving the loop ends the connection: nobody here waits for the total.
    if (text.includes('</table>')) break;
  }
  return text;
}

function headersOf(from: TestApp, agent: BrowserAgent): Record<string, string> {
  const cookies = [...(agent.cookies.get(new URL(from.origin).hostname) ?? [])];
  return { cookie: cookies.map(([name, value]) => `${name}=${value}`).join('; '), accept: 'text/html' };
}

/** Answers are usable for ten minutes; how long counting takes is remembered for longer by the machine's clock. */
function forgetAnswers(): void {
  app.clock.advance(11 * 60_000);
}

/** Reads a page as it comes. */
async function watchPage(path: string, onRows = () => {}) {
  const answer = await fetch(app.origin + path, { headers: headersOf(app, admin) });
  const decoder = new TextDecoder();
  let [first, whole] = ['', ''];
  for await (const chunk of answer.body as unknown as AsyncIterable<Uint8Array>) {
    whole += decoder.decode(chunk, { stream: true });
    if (first === '' && whole.includes('</table>')) {
      first = whole;
      onRows();
    }
  }
  return { first, whole };
}
