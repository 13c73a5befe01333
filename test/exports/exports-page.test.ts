import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { BrowserAgent } from '../support/browser-agent.ts';
import { aCompany, aPortal } from '../support/builders.ts';
import { DAY, HOUR } from '../support/clock.ts';
import { STORE_KINDS_IN_TURN, startApp, type TestApp } from '../support/start-app.ts';
import { letTimersRun, pass, stopTimers } from '../support/stopped-timers.ts';

interface Listed {
  id: string;
  state: string;
  rows: number;
  total: number | null;
  view: string;
}

const MANY = 700;
const companies = Array.from({ length: MANY }, (_, index) =>
  aCompany({ ID: String(index + 1), TITLE: index < 5 ? `Needle ${index}` : `Company ${index}` }),
);

let app: TestApp;
let agent: BrowserAgent;
afterEach(async () => {
  letTimersRun();
  await app.stop();
});

describe.each(STORE_KINDS_IN_TURN)('exports on the %s store', (store) => {
  beforeEach(async () => {
    app = await startApp({ store, emulator: { portals: [aPortal({ companies })] } });
    agent = app.agent();
    await app.signIn(agent);
  });

  describe('POST /exports', () => {
    it('when a view is wanted › makes a file of all that it finds, in its order', async () => {
      const answer = await agent.post(`${app.origin}/exports`, {
        view: 'q=needle&sort=title&order=desc',
        format: 'csv',
      });
      const [made] = await untilEnded(agent);

      const file = await agent.request(`${app.origin}/exports/${made?.id}/file`);
      const lines = file.text.trim().split('\r\n');
      expect(answer.url.pathname).toBe('/exports');
      expect(lines.slice(1).map((line) => line.split(',')[1])).toEqual(
        [4, 3, 2, 1, 0].map((n) => `Needle ${n}`),
      );
      expect(lines[0]).toBe(
        'ID,Company,Type,Industry,Phones,E-mails,Responsible,Revenue,Currency,Created,Changed',
      );
    });

    it('when its reader is Russian › has the dialect that a Russian Excel opens', async () => {
      const russian = app.agent({ headers: { 'accept-language': 'ru' } });
      await app.signIn(russian);
      await russian.post(`${app.origin}/exports`, { view: 'q=needle', format: 'csv' });
      const [made] = await untilEnded(russian);

      const file = await fetchBytes(russian, `/exports/${made?.id}/file`);

      expect([...file.subarray(0, 3)]).toEqual([0xef, 0xbb, 0xbf]);
      expect(file.toString('utf8', 3).split('\r\n')[0]).toMatch(/^ID;Компания;/);
    });

    it.each([
      ['another format', { view: '', format: 'pdf' }],
      ['no format', { view: '' }],
      ['a view that is too long', { view: 'x'.repeat(4_001), format: 'csv' }],
      ['a view that there is not', { view: 'sort=nothing', format: 'csv' }],
    ])('when %s is wanted › answers 400 and begins nothing', async (_what, form) => {
      const answer = await agent.post(`${app.origin}/exports`, form as Record<string, string>);

      expect(answer.status).toBe(400);
      expect(await listed(agent)).toEqual([]);
    });

    it('when this process has not read the list yet › is described in the portal’s words all the same', async () => {
      await agent.post(`${app.origin}/exports`, {
        view: 'type=SUPPLIER&industry=-&responsible=7',
        format: 'csv',
      });

      const [made] = await untilEnded(agent);
      expect(made?.view).toBe('Type: Supplier · Industry: Not specified · Responsible: Max Manager');
    });

    it.each([
      ['the portal', { on: 'rest', restMethod: 'batch' }],
      ['a new token', { on: 'token' }],
    ] as const)(
      'when the words cannot be had within two seconds because of %s › is begun without them',
      async (_what, where) => {
        app.clock.advance(2 * HOUR);
        const held = app.emulator.orderFault({ ...where, effect: { type: 'hold', when: 'before' } });
        stopTimers('setTimeout');
        const form = { view: 'type=SUPPLIER&responsible=7', format: 'csv' };
        const answered = agent.post(`${app.origin}/exports`, form);
        await held.reached();
        await pass(2_000);
        await answered;
        letTimersRun();
        held.release();

        const [made] = await untilEnded(agent);
        expect(made).toMatchObject({ view: 'Type: SUPPLIER · Responsible: User 7', state: 'done' });
      },
    );

    it('when the reader’s own are wanted › says so, and asks the portal for no name', async () => {
      app.emulator.clearRequests();
      await agent.post(`${app.origin}/exports`, { view: 'responsible=me&type=-', format: 'csv' });

      const [made] = await untilEnded(agent);
      expect(made?.view).toBe('Type: Not specified · Responsible: Me');
      expect(firstCommands(app)).toContain('crm.company.list');
    });

    it('when it comes from another origin › answers 403 and begins nothing', async () => {
      const answer = await agent.request(`${app.origin}/exports`, {
        form: { view: '', format: 'csv' },
        headers: { origin: 'https://evil.example' },
      });

      expect(answer.status).toBe(403);
      expect(await listed(agent)).toEqual([]);
    });

    it('when there are twenty already › says so, and begins nothing more', async () => {
      for (let n = 0; n < 20; n += 1)
        await agent.post(`${app.origin}/exports`, { view: 'q=needle', format: 'csv' });
      await untilEnded(agent);

      const answer = await agent.post(`${app.origin}/exports`, { view: '', format: 'csv' });

      expect([answer.status, (await listed(agent)).length]).toEqual([429, 20]);
      expect(answer.text).toContain('There are too many exports');
      expect(answer.text).toContain('href="/exports">To the exports</a>');
    });
  });

  describe('GET /exports/:id/file', () => {
    it('when it is one’s own › is downloaded under a name that tells what it is', async () => {
      const id = await makeExport('q=needle', 'xlsx');

      const file = await agent.request(`${app.origin}/exports/${id}/file`);

      expect(file.status).toBe(200);
      expect(file.headers.get('content-type')).toBe(
        'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
      );
      expect(decodeURIComponent(file.headers.get('content-disposition') ?? '')).toMatch(
        /^attachment; filename="companies-\d{4}-\d\d-\d\d\.xlsx"; filename\*=UTF-8''Companies “needle” \d{4}-\d\d-\d\d\.xlsx$/,
      );
      expect(file.headers.get('cache-control')).toBe('no-store');
      expect(file.headers.get('x-content-type-options')).toBe('nosniff');
    });

    it.each(['file', 'cancel', 'resume', 'forget'])(
      'when another user asks for its %s › is as unknown as one that never was',
      async (what) => {
        const id = await makeExport('q=needle', 'csv');
        const other = app.agent();
        await app.signIn(other, 'manager');

        const [theirs, none] = await Promise.all(
          [id, 'A'.repeat(22)].map((each) => ask(other, `/exports/${each}/${what}`, what === 'file')),
        );

        expect([theirs?.status, none?.status]).toEqual([404, 404]);
        expect(theirs?.text).toBe(none?.text);
        expect((await listed(agent)).map(({ state }) => state)).toEqual(['done']);
      },
    );

    it('when Bitrix24 does not let the person in any more › is not given out', async () => {
      const id = await makeExport('q=needle', 'csv');
      const [portal] = app.emulator.portals;
      portal?.setUser(1, { crm: 'none' });

      const withoutRight = await ask(agent, `/exports/${id}/file`, true);
      portal?.setUser(1, { active: false });
      portal?.revokeGrants(1);
      const dismissed = await ask(agent, `/exports/${id}/file`, true);

      expect([withoutRight.status, dismissed.status]).toEqual([403, 401]);
      expect(withoutRight.text + dismissed.text).not.toContain('Needle');
    });

    it('when the portal is away › is given out all the same', async () => {
      const id = await makeExport('q=needle', 'csv');
      app.emulator.orderFault({
        on: 'rest',
        times: 10,
        effect: { type: 'error', status: 500, error: 'INTERNAL_SERVER_ERROR' },
      });

      const file = await agent.request(`${app.origin}/exports/${id}/file`);

      expect(file.status).toBe(200);
      expect(file.text).toContain('Needle');
    });

    it('when its name is cut inside of an emoji › is given out', async () => {
      const id = await makeExport(`q=${encodeURIComponent(`${'x'.repeat(91)}${'🍕'.repeat(20)}`)}`, 'csv');

      const file = await agent.request(`${app.origin}/exports/${id}/file`);

      expect(file.status).toBe(200);
    });

    it('when the id leads out of the folder › is unknown', async () => {
      const answer = await agent.request(`${app.origin}/exports/..%2F..%2Fsecrets.json%00/file`);

      expect(answer.status).toBe(404);
    });

    it('when a day has passed › is gone', async () => {
      const id = await makeExport('q=needle', 'csv');

      app.clock.advance(DAY + HOUR);
      await app.redis?.pexpire(
        `b24:export:{${app.emulator.portals[0]?.memberId}}:${app.client.clientId}:1:${id}`,
        0,
      );

      const answer = await agent.request(`${app.origin}/exports/${id}/file`);
      expect(answer.status).toBe(404);
    });

    it('when the request has no session › answers 401 to programs', async () => {
      const id = await makeExport('q=needle', 'csv');

      const answer = await app
        .agent({ headers: { accept: 'application/json' } })
        .request(`${app.origin}/exports/${id}/file`);

      expect(answer.status).toBe(401);
    });
  });

  describe('POST /exports/:id/cancel', () => {
    it('when it is being made › ends it within a second, and it can be forgotten', async () => {
      const held = app.emulator.orderFault({
        on: 'rest',
        effect: { type: 'hold', when: 'before' },
        times: 50,
      });
      await agent.post(`${app.origin}/exports`, { view: '', format: 'csv' });
      const [begun] = await listed(agent);

      await agent.post(`${app.origin}/exports/${begun?.id}/cancel`);

      expect((await listed(agent)).map(({ state }) => state)).toEqual(['cancelled']);
      await agent.post(`${app.origin}/exports/${begun?.id}/forget`);
      expect(await listed(agent)).toEqual([]);
      held.release();
    });
  });

  describe('POST /logout with forget', () => {
    it('when a user’s access is forgotten › their exports are, and no other user’s', async () => {
      const other = app.agent();
      await app.signIn(other, 'manager');
      await other.post(`${app.origin}/exports`, { view: '', format: 'csv' });
      await untilEnded(other);
      const id = await makeExport('q=needle', 'csv');

      await agent.post(`${app.origin}/logout`, { forget: '1' });
      await app.signIn(agent);

      expect(await listed(agent)).toEqual([]);
      expect((await agent.request(`${app.origin}/exports/${id}/file`)).status).toBe(404);
      expect((await listed(other)).length).toBe(1);
    });
  });
});

describe('GET /exports', () => {
  beforeEach(async () => {
    app = await startApp({ emulator: { portals: [aPortal({ companies })] } });
    agent = app.agent();
    await app.signIn(agent);
  });

  it('when there are none › says how to make one', async () => {
    const page = await agent.request(`${app.origin}/exports`);

    expect(page.text).toContain('No exports yet');
    expect(page.text).not.toContain('http-equiv="refresh"');
  });

  it('when one is being made › shows how far it is, and loads itself anew where no script does', async () => {
    const held = app.emulator.orderFault({ on: 'rest', effect: { type: 'hold', when: 'before' }, times: 50 });
    await agent.post(`${app.origin}/exports`, { view: '', format: 'xlsx' });

    const page = await agent.request(`${app.origin}/exports`);

    expect(page.text).toMatch(/<progress max="1"\s+aria-label="Progress of All companies">/);
    expect(page.text).toContain('<noscript><meta http-equiv="refresh" content="5"></noscript>');
    expect(page.headers.get('refresh')).toBeNull();
    held.release();
  });

  it('when a replica has made it › is there with its file all the same', async () => {
    const id = await makeExport('q=needle', 'csv');
    const replica = await app.replica();

    const file = await agent.request(`${replica}/exports/${id}/file`);

    expect([file.status, file.text.split('\r\n').length]).toEqual([200, 7]);
  });

  it('when the portal forbids it › tells why, and keeps nothing', async () => {
    const guest = app.agent();
    await app.signIn(guest, 'guest');
    await guest.post(`${app.origin}/exports`, { view: '', format: 'csv' });
    await untilEnded(guest);

    const page = await guest.request(`${app.origin}/exports`);

    expect(page.text).toContain('Bitrix24 says that you may not read companies.');
  });

  it('when the grant has ended › waits for the person, who signs in and goes on', async () => {
    app.emulator.portals[0]?.revokeGrants();
    await agent.post(`${app.origin}/exports`, { view: 'q=needle', format: 'csv' });
    const [waiting] = await untilEnded(agent);
    const page = await agent.request(`${app.origin}/exports`);
    await app.signIn(agent);

    await agent.post(`${app.origin}/exports/${waiting?.id}/resume`);
    const [done] = await untilEnded(agent);

    expect(page.text).toContain('Sign in again, then press “Go on”');
    expect([waiting?.state, done?.state, done?.rows]).toEqual(['waiting', 'done', 5]);
  });
});

describe('GET /exports/events', () => {
  beforeEach(async () => {
    app = await startApp({ emulator: { portals: [aPortal({ companies })] } });
    agent = app.agent();
    await app.signIn(agent);
  });

  it('when an export gets on › tells so, from the beginning to the end', async () => {
    const listening = listen(agent);
    await agent.post(`${app.origin}/exports`, { view: '', format: 'csv' });

    const told = await listening.until((text) => text.includes('"state":"done"'));

    expect(told.split('\n\n')[0]).toBe('data: {"exports":[]}');
    expect(told).toContain('"progress":"700 companies"');
    listening.stop();
  });

  it('when the person signs out › ends', async () => {
    const listening = listen(agent);
    await listening.until((text) => text.includes('data:'));

    await agent.post(`${app.origin}/logout`);

    await expect(listening.ended).resolves.toBe('ended');
  });

  it('when a second window opens after the first got an event › gets the same, and ends with the sign-out', async () => {
    const first = listen(agent);
    await first.until((text) => text.includes('data:'));
    const second = listen(agent);
    const told = await second.until((text) => text.includes('data:'));

    await agent.post(`${app.origin}/logout`);

    expect(told).toContain('data: {"exports":[]}');
    await expect(Promise.all([first.ended, second.ended])).resolves.toEqual(['ended', 'ended']);
  });

  it('when six windows open one after the other › five listen, and those that were closed make room', async () => {
    const opened = [];
    for (let window = 0; window < 5; window += 1) {
      const listening = listen(agent);
      await listening.until((text) => text.includes('data:'));
      opened.push(listening);
    }
    const sixth = await agent.request(`${app.origin}/exports/events`);
    for (const each of opened) each.stop();
    await new Promise((resolve) => setTimeout(resolve, 200));

    const again = listen(agent);

    expect(sixth.status).toBe(503);
    await again.until((text) => text.includes('data:'));
    again.stop();
  });

  it('when the request has no session › answers 401 and does not redirect', async () => {
    const answer = await app.agent().request(`${app.origin}/exports/events`, {
      headers: { accept: 'text/event-stream' },
    });

    expect([answer.status, answer.location]).toEqual([401, undefined]);
  });

  it('when five windows listen › the sixth is told to come back', async () => {
    const listening = Array.from({ length: 5 }, () => listen(agent));
    await Promise.all(listening.map(({ until }) => until((text) => text.includes('data:'))));

    const sixth = await agent.request(`${app.origin}/exports/events`);

    expect(sixth.status).toBe(503);
    for (const each of listening) each.stop();
  });
});

/** The commands of the first batch that was sent, whatever for. */
function firstCommands({ emulator }: TestApp): string[] {
  return [...(emulator.requests.find(({ commands = [] }) => commands.length > 0)?.commands ?? [])];
}

async function makeExport(view: string, format: string): Promise<string> {
  await agent.post(`${app.origin}/exports`, { view, format });
  const [made] = await untilEnded(agent);
  return made?.id ?? '';
}

async function listed(who: BrowserAgent): Promise<Listed[]> {
  const answer = await who.request(`${app.origin}/exports`, { headers: { accept: 'application/json' } });
  return (JSON.parse(answer.text) as { exports: Listed[] }).exports;
}

async function untilEnded(who: BrowserAgent): Promise<Listed[]> {
  for (const deadline = Date.now() + 30_000; Date.now() < deadline; ) {
    const exports = await listed(who);
    const isBusy = exports.some(({ state }) => ['queued', 'running', 'finishing'].includes(state));
    if (!isBusy) return exports;
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  throw new Error('the exports do not end');
}

function ask(who: BrowserAgent, path: string, isGet: boolean) {
  const headers = { accept: 'application/json', 'sec-fetch-site': 'same-origin' };
  return who.request(app.origin + path, { method: isGet ? 'GET' : 'POST', headers });
}

async function fetchBytes(who: BrowserAgent, path: string): Promise<Buffer> {
  const answer = await fetch(app.origin + path, { headers: { cookie: cookieOf(who) } });
  return Buffer.from(await answer.arrayBuffer());
}

function cookieOf(who: BrowserAgent): string {
  return [...(who.cookies.get('127.0.0.1') ?? [])].map(([name, value]) => `${name}=${value}`).join('; ');
}

/** An open window on the page. */
function listen(who: BrowserAgent) {
  const leaving = new AbortController();
  let told = '';
  let onText = () => {};
  const reading = (async () => {
    const answer = await fetch(`${app.origin}/exports/events`, {
      headers: { cookie: cookieOf(who), accept: 'text/event-stream' },
      signal: leaving.signal,
    });
    for await (const chunk of answer.body ?? []) {
      told += Buffer.from(chunk as Uint8Array).toString();
      onText();
    }
    return 'ended';
  })();
  reading.catch(() => {});
  return {
    ended: reading,
    async until(isEnough: (text: string) => boolean): Promise<string> {
      await new Promise<void>((resolve) => {
        onText = () => isEnough(told) && resolve();
        onText();
      });
      return told;
    },
    stop: () => leaving.abort(),
  };
}
