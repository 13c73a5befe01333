import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Effect } from '../emulator/index.ts';
import type { BrowserAgent } from './support/browser-agent.ts';
import { HOUR } from './support/clock.ts';
import { startApp, type TestApp } from './support/start-app.ts';

const SRC = join(import.meta.dirname, '../src');

describe('who writes', () => {
  it('is the logger, and programs that talk to whoever started them', () => {
    const writers = filesBelow(SRC).filter((file) =>
      /\bconsole\.|\bstd(out|err)\.write\b|\bwriteSync\((1|2)\b|from 'pino/.test(readFileSync(file, 'utf8')),
    );

    expect(writers.map((file) => relative(SRC, file)).sort()).toEqual([
      // What programs print, and what ends them before there is a logger: a list of settings, or one sentence.
      'boot/cli.ts',
      'doctor.ts',
      'log.ts',
    ]);
  });
});

describe('the log tells', () => {
  let app: TestApp;
  let agent: BrowserAgent;
  /** What a line about a person says, once for the request and once for what belongs to the process. */
  let person: Record<string, unknown>;
  let owner: Record<string, unknown>;
  beforeEach(async () => {
    app = await startApp();
    agent = app.agent();
    const [portal] = app.emulator.portals;
    person = { memberId: portal?.memberId, userId: 1, portal: portal?.origin };
    owner = { memberId: portal?.memberId, userId: 1, clientId: app.client.clientId };
  });
  afterEach(() => app.stop());

  const host = () => new URL(app.emulator.portals[0]?.origin ?? '').host;
  const ofRequest = () => ({
    clientId: app.client.clientId,
    requestId: expect.stringMatching(/^[\da-f]{12}$/),
  });
  const linesWith = (fields: Record<string, unknown>) =>
    app.logLines().filter((line) => Object.entries(fields).every(([name, value]) => line[name] === value));
  const fault = (on: 'token' | 'rest', effect: Effect, times = 9) =>
    app.emulator.orderFault({ on, times, effect });

  it('that somebody signed in › application, portal, person and request', async () => {
    await app.signIn(agent);

    expect(linesWith({ msg: 'signed in' })).toEqual([
      expect.objectContaining({
        ...ofRequest(),
        level: 'info',
        portal: host(),
        memberId: person.memberId,
        userId: 1,
      }),
    ]);
  });

  it.each<[string, Effect, Record<string, unknown>]>([
    [
      'the code was refused',
      { type: 'error', status: 400, error: 'invalid_grant' },
      { level: 'info', msg: 'request refused', errorCode: 'code_refused', reason: 'invalid_grant' },
    ],
    [
      'our keys are wrong',
      { type: 'error', status: 400, error: 'invalid_client' },
      { level: 'error', msg: 'request failed', errorCode: 'app_misconfigured' },
    ],
    [
      'the authorization server was away',
      { type: 'drop', when: 'before' },
      { level: 'error', msg: 'request failed', errorCode: 'portal_failed' },
    ],
    [
      'the portal named a foreign address',
      { type: 'alter', patch: { client_endpoint: 'https://evil.example/rest/' } },
      {
        level: 'info',
        msg: 'request refused',
        errorCode: 'portal_mismatch',
      },
    ],
  ])('that a sign-in failed because %s › application, portal and request', async (_why, effect, told) => {
    fault('token', effect);

    await app.signIn(agent);

    expect(linesWith(told)).toEqual([expect.objectContaining({ ...ofRequest(), portal: host() })]);
    expect(linesWith({ msg: 'signed in' })).toEqual([]);
  });

  it('that the portal named a foreign address › which one, and which was expected', async () => {
    fault('token', { type: 'alter', patch: { client_endpoint: 'https://evil.example/rest/' } });

    await app.signIn(agent);

    expect(linesWith({ errorCode: 'portal_mismatch' })).toEqual([
      expect.objectContaining({
        why: `client_endpoint is not that of this sign-in: https://evil.example came, http://${host()} is expected`,
      }),
    ]);
  });

  it('that a state was not ours › application and request: nobody knows of which portal it is', async () => {
    const [state, code] = ['A'.repeat(43), 'SECRET-code'];

    await agent.request(`${app.origin}/bitrix?state=${state}&code=${code}`);

    expect(linesWith({ msg: 'state mismatch' })).toEqual([
      expect.objectContaining({ ...ofRequest(), level: 'warn' }),
    ]);
    expect(JSON.stringify(app.logLines())).not.toMatch(/A{43}|SECRET/);
  });

  it('that a stored address may not be called any more › application, portal, person and request', async () => {
    await app.signIn(agent);
    const key = `b24:tokens:{${person.memberId}}:${app.client.clientId}:1`;
    const record = JSON.parse((await app.store.get(key)) ?? '{}');
    await app.store.set(key, JSON.stringify({ ...record, ep: 'https://evil.example/rest/' }), HOUR);

    await agent.request(`${app.origin}/companies`);

    expect(linesWith({ errorCode: 'portal_mismatch' })).toEqual([
      expect.objectContaining({ ...ofRequest(), ...person, portal: host(), msg: 'request refused' }),
    ]);
  });

  it('that a portal limits us › application, portal, person and request', async () => {
    await app.signIn(agent);
    fault('rest', { type: 'error', status: 503, error: 'QUERY_LIMIT_EXCEEDED' });

    await agent.request(`${app.origin}/companies`);

    expect(linesWith({ errorCode: 'portal_limited' })).toEqual([
      expect.objectContaining({
        ...ofRequest(),
        ...person,
        portal: host(),
        level: 'error',
        msg: 'request failed',
      }),
    ]);
  });

  it('that access was renewed › application, portal and person: it belongs to no request', async () => {
    await app.signIn(agent);
    app.clock.advance(HOUR);

    await agent.request(`${app.origin}/companies`);

    expect(linesWith({ msg: 'access token renewed' })).toEqual([
      expect.objectContaining({ level: 'info', owner, generation: 2, isStored: true }),
    ]);
  });

  it('that a renewal failed, that an address was not taken over, and that a grant was given up › whose', async () => {
    await app.signIn(agent);
    app.clock.advance(HOUR);
    fault('token', { type: 'error', status: 403, error: 'PAYMENT_REQUIRED' }, 1);
    await agent.request(`${app.origin}/companies`);
    fault('token', { type: 'alter', patch: { client_endpoint: 'https://evil.example/rest/' } }, 1);
    await agent.request(`${app.origin}/companies`);
    app.clock.advance(HOUR);
    app.emulator.portals[0]?.revokeGrants();
    await agent.request(`${app.origin}/companies`);

    expect(linesWith({ msg: 'refresh failed; the grant is kept' })).toEqual([
      expect.objectContaining({ level: 'warn', owner, generation: 1, outcome: 'kept' }),
    ]);
    expect(
      linesWith({ msg: 'the portal names an address that may not be called; the one before stays' }),
    ).toEqual([expect.objectContaining({ level: 'warn', owner })]);
    expect(linesWith({ msg: 'grant ended' })).toEqual([
      expect.objectContaining({
        level: 'warn',
        owner,
        why: 'invalid_grant',
        grantState: 'reauth',
        wasSettled: true,
      }),
    ]);
  });
});

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? filesBelow(join(folder, entry.name)) : [join(folder, entry.name)],
  );
}
