import { IncomingMessage } from 'node:http';
import { createUnzip } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Effect } from '../../emulator/index.ts';
import type { BrowserAgent } from '../support/browser-agent.ts';
import { aPortal } from '../support/builders.ts';
import { countBytesOf } from '../support/count-bytes.ts';
import { startApp, type TestApp } from '../support/start-app.ts';
import { letTimersRun, pass, stopTimers } from '../support/stopped-timers.ts';

const MIB = 1024 * 1024;
/** design.md: nobody waits longer for a portal, nor for the authorization server. */
const REST_WAIT_MS = 15_000;
/** Then its rows are asked for once more, without counting. */
const ROWS_WAIT_MS = 3_000;
const TOKEN_WAIT_MS = 8_000;
/** So much later a call reads once more what has arrived, and is given up. */
const LAST_LOOK_MS = 50;
/** What is taken in of one answer, and of what it inflates to; read whole, 300 MiB cost 965 of memory (measured, L12). */
const READ_MIB = 12;

const SICKNESSES: [string, Effect, { page: number; portal: number; tokens: number }][] = [
  ['300 MiB', { type: 'huge', bytes: 300 * MIB }, { page: 502, portal: 1, tokens: 1 }],
  ['a gzip bomb', { type: 'huge', bytes: 300 * MIB, gzip: true }, { page: 502, portal: 1, tokens: 1 }],
  // Its rows are asked for once more, without counting, when nothing has come for three seconds.
  ['one byte a second', { type: 'trickle', bytesPerSecond: 1 }, { page: 504, portal: 2, tokens: 1 }],
  ['HTML with 200', { type: 'html', status: 200 }, { page: 502, portal: 1, tokens: 1 }],
  ['broken JSON', { type: 'brokenJson' }, { page: 502, portal: 1, tokens: 1 }],
  ['half an answer', { type: 'half' }, { page: 502, portal: 1, tokens: 1 }],
  ['a reset', { type: 'drop', when: 'before' }, { page: 502, portal: 4, tokens: 1 }],
  ['500 and HTML', { type: 'html', status: 500 }, { page: 502, portal: 4, tokens: 1 }],
  ['503 and HTML', { type: 'html', status: 503 }, { page: 502, portal: 4, tokens: 1 }],
  ['429', { type: 'error', status: 429, error: 'OPERATION_TIME_LIMIT' }, { page: 503, portal: 1, tokens: 1 }],
  [
    '307 to another host',
    { type: 'redirect', status: 307, to: 'http://127.0.0.77:9/' },
    { page: 502, portal: 1, tokens: 1 },
  ],
];

describe('a sick upstream', () => {
  let app: TestApp;
  let agent: BrowserAgent;
  beforeAll(async () => {
    app = await startApp({
      emulator: { portals: [aPortal({ host: 'localhost' }), aPortal({ host: '127.0.0.1' })] },
    });
    agent = app.agent();
    await app.signIn(agent);
    app.emulator.clearRequests();
  });
  afterAll(() => app.stop());
  afterEach(() => {
    letTimersRun();
    jest.restoreAllMocks();
    app.emulator.clearFaults();
    app.emulator.clearRequests();
    app.outgoing.length = 0;
    // Circuits and what was learnt of limits are over.
    app.clock.advance(11 * 60_000);
  });

  it('does not slow down the pages of another portal', async () => {
    const elsewhere = app.agent();
    await app.signIn(elsewhere, 'admin', { portal: 1 });
    const held = app.emulator.orderFault({
      on: 'rest',
      portal: 'localhost',
      times: Number.POSITIVE_INFINITY,
      effect: { type: 'hold', when: 'before' },
    });
    stopTimers('setTimeout');
    let answered = 0;
    const stuck = Array.from({ length: 150 }, (_, page) =>
      agent.request(`${app.origin}/companies?page=${page + 1}`).then(() => {
        answered += 1;
      }),
    );
    // As many connections as there are to one origin.
    await held.reached(100);

    const page = await elsewhere.request(`${app.origin}/companies`);
    const answeredBefore = answered;
    letTimersRun();
    app.emulator.clearFaults();
    await Promise.all(stuck);

    expect([page.status, answeredBefore]).toEqual([200, 0]);
  });

  it.each(SICKNESSES)(
    '%s from a portal › its page in time, no more read than is needed, the process alive',
    async (...row) => {
      const [, effect, expected] = row;
      const met = app.emulator.orderFault({ on: 'rest', portal: 'localhost', times: 99, effect });
      const read = [
        countBytesOf(IncomingMessage.prototype),
        countBytesOf(createUnzip().constructor.prototype),
      ];
      const isEndless = effect.type === 'trickle';
      if (isEndless) stopTimers('setTimeout');

      const asked = agent.request(`${app.origin}/companies`);
      if (isEndless) {
        await met.reached();
        await pass(ROWS_WAIT_MS);
        await met.reached(2);
        await pass(REST_WAIT_MS + LAST_LOOK_MS - ROWS_WAIT_MS);
      }
      const page = await asked;
      letTimersRun();

      expect(page.status).toBe(expected.page);
      expect(page.text).toContain('Ada Admin');
      for (const bytes of read) expect(bytes() / MIB).toBeLessThan(READ_MIB);
      expect(app.emulator.requests.filter(({ kind }) => kind === 'rest')).toHaveLength(expected.portal);
      expect(new Set(app.outgoing.map(({ hostname }) => hostname))).toEqual(new Set(['localhost']));
      app.emulator.clearFaults();
      app.clock.advance(11 * 60_000);
      expect((await agent.request(`${app.origin}/companies`)).status).toBe(200);
    },
  );

  it.each(SICKNESSES)(
    '%s from the authorization server › a page in time, the code sent once',
    async (...row) => {
      const [, effect, expected] = row;
      const visitor = app.agent();
      const met = app.emulator.orderFault({ on: 'token', times: 99, effect });
      const isEndless = effect.type === 'trickle';
      if (isEndless) stopTimers('setTimeout');

      const signingIn = app.signIn(visitor);
      if (isEndless) {
        await met.reached();
        await pass(TOKEN_WAIT_MS + LAST_LOOK_MS);
      }
      const page = await signingIn;
      letTimersRun();

      expect(page.status).toBeGreaterThanOrEqual(400);
      expect(page.text).toContain('class="button primary"');
      const exchanges = app.emulator.requests.filter(({ kind }) => kind === 'token');
      expect(exchanges.length).toBeLessThanOrEqual(expected.tokens);
      expect(new Set(app.outgoing.map(({ hostname }) => hostname))).toEqual(new Set(['localhost']));
    },
  );

  it.each([
    ['that a firewall dislikes', { type: 'html', status: 403 }],
    ['whose answer is too large', { type: 'huge', bytes: 6 * MIB }],
    ['whose answer is no JSON', { type: 'brokenJson' }],
  ] as const)('a question %s › does not keep other questions from the portal', async (_case, effect) => {
    app.emulator.orderFault({ on: 'rest', portal: 'localhost', times: Number.POSITIVE_INFINITY, effect });
    const pages = Array.from({ length: 10 }, (_, index) =>
      agent.request(`${app.origin}/companies?q=<script>${index}`),
    );
    const bad = new Set((await Promise.all(pages)).map(({ status }) => status));
    app.emulator.clearFaults();

    const page = await agent.request(`${app.origin}/companies`);

    expect([[...bad], page.status]).toEqual([[502], 200]);
  });

  it('codes that the authorization server answers with a page do not keep other visitors from signing in', async () => {
    app.emulator.orderFault({ on: 'token', times: 8, effect: { type: 'html', status: 403 } });
    for (let visitor = 0; visitor < 8; visitor += 1) await app.signIn(app.agent());

    const page = await app.signIn(app.agent());

    expect(page.status).toBe(200);
  });

  it('that failed five times is asked by one caller a second until it is well', async () => {
    app.emulator.orderFault({
      on: 'rest',
      portal: 'localhost',
      times: 99,
      effect: { type: 'html', status: 502 },
    });
    for (let visit = 0; visit < 5; visit += 1) await agent.request(`${app.origin}/companies`);
    app.emulator.clearRequests();

    const refused = await Promise.all(visits(20));
    app.clock.advance(1_001);
    const probed = await Promise.all(visits(20));
    app.emulator.clearFaults();
    app.clock.advance(1_001);
    const well = await agent.request(`${app.origin}/companies`);

    expect(new Set([...refused, ...probed].map(({ status }) => status))).toEqual(new Set([502]));
    expect(well.status).toBe(200);
    expect(app.emulator.requests).toHaveLength(2);

    function visits(count: number) {
      return Array.from({ length: count }, () => agent.request(`${app.origin}/companies`));
    }
  });
});
