import { describe, expect, it } from '@jest/globals';
import type { Effect, EmulatedPortal } from '../../emulator/index.ts';
import { firstOf } from '../support/order.ts';
import {
  aPortal,
  askToken,
  authorizeUrl,
  callRest,
  DEMO_CLIENT,
  exchange,
  read,
  refresh,
  signIn,
  start,
  threeUsers,
  tokensFor,
} from './support.ts';

const owner = { clientId: DEMO_CLIENT.clientId, userId: 1 };

async function startWithFault(effect: Effect) {
  const { emulator, portal } = await start();
  const fault = emulator.orderFault({ on: 'rest', effect });
  return { emulator, portal, fault, tokens: tokensFor(portal) };
}

describe('a steady latency', () => {
  it('when every REST answer is delayed › each call waits, and a batch waits once', async () => {
    const { emulator, portal } = await start();
    const tokens = tokensFor(portal);
    emulator.orderFault({
      on: 'rest',
      times: Number.POSITIVE_INFINITY,
      effect: { type: 'delay', ms: 100, when: 'after' },
    });

    const single = await callRest(tokens, 'profile');
    const batch = await callRest(tokens, 'batch', { cmd: ['profile', 'scope', 'user.admin'] });

    expect([single.status, batch.status]).toEqual([200, 200]);
    // A timer may be a millisecond early.
    for (const { durationMs } of emulator.requests) expect(durationMs).toBeGreaterThan(95);
  });

  it('when many requests arrive together › they wait in parallel', async () => {
    const { emulator, portal } = await start();
    const tokens = tokensFor(portal);
    const latency = emulator.orderFault({
      on: 'rest',
      times: Number.POSITIVE_INFINITY,
      effect: { type: 'delay', ms: 3_600_000, when: 'before' },
    });
    const calls = Array.from({ length: 40 }, () => callRest(tokens, 'profile').catch(() => undefined));

    await latency.reached(40);

    expect(emulator.requests.map(({ status }) => status)).toEqual(calls.map(() => null));
  });
});

describe('a fault that replaces the answer', () => {
  it.each<[string, Effect, number, string, string]>([
    [
      'answer with an object',
      { type: 'answer', status: 418, body: { a: '/' } },
      418,
      'application/json',
      '{"a":"\\/"}',
    ],
    [
      'answer with a text',
      { type: 'answer', status: 200, body: 'plain' },
      200,
      'text/plain; charset=utf-8',
      'plain',
    ],
    [
      'answer with another content type',
      { type: 'answer', status: 200, body: '<x/>', contentType: 'application/xml' },
      200,
      'application/xml',
      '<x/>',
    ],
    [
      'error',
      { type: 'error', status: 500, error: 'INTERNAL_SERVER_ERROR', description: 'Internal server error' },
      500,
      'application/json',
      '{"error":"INTERNAL_SERVER_ERROR","error_description":"Internal server error"}',
    ],
  ])('when it is %s › sends exactly that', async (_, effect, status, contentType, text) => {
    const { tokens } = await startWithFault(effect);

    const answer = await callRest(tokens, 'profile');

    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toBe(contentType);
    expect(answer.text).toBe(text);
  });

  it('when it is html › the answer is a page instead of JSON', async () => {
    const { tokens } = await startWithFault({ type: 'html', status: 502 });

    const answer = await callRest(tokens, 'profile');

    expect(answer.status).toBe(502);
    expect(answer.text).toContain('<h1>Bad Gateway</h1>');
  });

  it('when it is brokenJson › the answer is 200 with invalid JSON', async () => {
    const { portal, tokens } = await startWithFault({ type: 'brokenJson' });

    const response = await fetch(`${portal.origin}/rest/profile?auth=${tokens.accessToken}`);

    expect(response.status).toBe(200);
    await expect(response.json()).rejects.toThrow('JSON');
  });

  it('when it is redirect › the address is sent unchanged', async () => {
    const { tokens } = await startWithFault({
      type: 'redirect',
      status: 307,
      to: 'http://127.0.0.1:9/rest/profile',
    });

    const answer = await callRest(tokens, 'profile');

    expect(answer.status).toBe(307);
    expect(answer.headers.get('location')).toBe('http://127.0.0.1:9/rest/profile');
  });

  it.each([false, true])('when it is huge, gzip %s › valid JSON of that size arrives', async (gzip) => {
    const { tokens } = await startWithFault({ type: 'huge', bytes: 200_000, gzip });

    const answer = await callRest(tokens, 'profile');

    expect(answer.text).toHaveLength(200_000);
    expect(JSON.parse(answer.text)).toHaveProperty('result');
    expect(answer.headers.get('content-encoding')).toBe(gzip ? 'gzip' : null);
  });

  it('when it applies to the token endpoint › the code is not used up', async () => {
    const { emulator, portal } = await start();
    emulator.orderFault({ on: 'token', effect: { type: 'error', status: 503, error: 'busy' } });
    const code = portal.issueCode(owner);
    await exchange(emulator, code);

    const { status } = await exchange(emulator, code);

    expect(status).toBe(200);
  });
});

describe('a fault that changes the real answer', () => {
  it('when it is half › the whole length is announced and the connection ends early', async () => {
    const { portal, tokens } = await startWithFault({ type: 'half' });

    const response = await fetch(`${portal.origin}/rest/profile?auth=${tokens.accessToken}`);

    expect(response.status).toBe(200);
    expect(Number(response.headers.get('content-length'))).toBeGreaterThan(50);
    await expect(response.text()).rejects.toThrow();
  });

  it('when it is half at the token endpoint › the code is used up', async () => {
    const { emulator, portal } = await start();
    emulator.orderFault({ on: 'token', effect: { type: 'half' } });
    const code = portal.issueCode(owner);
    await exchange(emulator, code).catch(() => undefined);

    const { body } = await exchange(emulator, code);

    expect(body.error).toBe('invalid_grant');
  });

  it('when it is trickle › the whole answer arrives slowly', async () => {
    const { tokens } = await startWithFault({ type: 'trickle', bytesPerSecond: 20_000 });

    const { body } = await callRest(tokens, 'profile');

    expect(body.result).toHaveProperty('ID', '1');
  });

  it('when it is alter › named fields are replaced at any depth, others stay', async () => {
    const { emulator, portal } = await start();
    emulator.orderFault({
      on: 'token',
      effect: { type: 'alter', patch: { member_id: 'another', user_id: undefined }, remove: ['expires'] },
    });

    const { body } = await exchange(emulator, portal.issueCode(owner));

    expect(body).toMatchObject({ member_id: 'another', expires_in: 3600 });
    expect(body).not.toHaveProperty('user_id');
    expect(body).not.toHaveProperty('expires');
  });

  it('when it alters the authorization response › parameters of the redirect change', async () => {
    const { emulator, portal } = await start();
    const cookie = await signIn(portal);
    emulator.orderFault({
      on: 'authorize',
      effect: { type: 'alter', patch: { domain: 'evil.example', scope: undefined } },
    });

    const response = await fetch(authorizeUrl(portal), { headers: { cookie }, redirect: 'manual' });

    const { searchParams } = new URL(response.headers.get('location') ?? '');
    expect(searchParams.get('domain')).toBe('evil.example');
    expect(searchParams.get('member_id')).toBe(portal.memberId);
    expect(searchParams.has('scope')).toBe(false);
  });

  it('when it alters inside an object › the rest of the object stays', async () => {
    const { emulator, portal } = await start();
    emulator.orderFault({
      on: 'app.info',
      effect: { type: 'alter', patch: { result: { install: { domain: 'x' } } } },
    });
    const { accessToken } = tokensFor(portal);

    const { body } = await fetch(`${emulator.authorizationServer}/rest/app.info?auth=${accessToken}`).then(
      read,
    );

    expect(body.result).toMatchObject({ install: { domain: 'x', member_id: portal.memberId }, user_id: 1 });
  });
});

describe('a fault before or after the commit', () => {
  it('when the connection is dropped before the commit › the refresh token still works', async () => {
    const { emulator, portal } = await start();
    const { refreshToken } = tokensFor(portal);
    emulator.orderFault({ on: 'token', effect: { type: 'drop', when: 'before' } });
    await expect(refresh(emulator, refreshToken)).rejects.toThrow();

    const { status } = await refresh(emulator, refreshToken);

    expect(status).toBe(200);
  });

  it('when the connection is dropped after the commit › the refresh token is used up', async () => {
    const { emulator, portal } = await start();
    const { refreshToken } = tokensFor(portal);
    emulator.orderFault({ on: 'token', effect: { type: 'drop', when: 'after' } });
    await expect(refresh(emulator, refreshToken)).rejects.toThrow();

    const { body } = await refresh(emulator, refreshToken);

    expect(body.error).toBe('invalid_grant');
  });

  it.each<['before' | 'after', number]>([
    ['before', 200],
    ['after', 400],
  ])('when a request is held %s the commit › another one meanwhile gets %i', async (when, status) => {
    const { emulator, portal } = await start();
    const { refreshToken } = tokensFor(portal);
    const fault = emulator.orderFault({ on: 'token', effect: { type: 'hold', when } });
    const held = refresh(emulator, refreshToken);
    await fault.reached();

    const meanwhile = await refresh(emulator, refreshToken);
    fault.release();

    expect(meanwhile.status).toBe(status);
    expect((await held).status).toBe(status === 200 ? 400 : 200);
  });

  it('when the faults are cleared › a held request continues', async () => {
    const { emulator, tokens, fault } = await startWithFault({ type: 'hold', when: 'before' });
    const held = callRest(tokens, 'profile');
    await fault.reached();

    emulator.clearFaults();

    expect((await held).status).toBe(200);
  });

  it('when the emulator stops › a held or delayed request does not block it', async () => {
    const { emulator, tokens, fault } = await startWithFault({
      type: 'delay',
      ms: 3_600_000,
      when: 'before',
    });
    const delayed = callRest(tokens, 'profile').catch(() => 'ended');
    await fault.reached();

    await emulator.stop();

    expect(await delayed).toBe('ended');
  });

  it('when an answer is delayed › it comes after that time and is the real one', async () => {
    const { tokens } = await startWithFault({ type: 'delay', ms: 30, when: 'after' });

    const answered = callRest(tokens, 'profile');

    expect(await firstOf({ 'almost that time': 28, answered })).toBe('almost that time');
    expect((await answered).status).toBe(200);
  });
});

describe('which requests a fault applies to', () => {
  const effect: Effect = { type: 'error', status: 500, error: 'ordered' };

  it('when it has no conditions › it applies to one request', async () => {
    const { emulator, tokens, fault } = await startWithFault(effect);

    const statuses = [(await callRest(tokens, 'profile')).status, (await callRest(tokens, 'profile')).status];

    expect(statuses).toEqual([500, 200]);
    expect(fault.served).toBe(1);
    expect(emulator.requests.map(({ error }) => error)).toEqual(['ordered', undefined]);
  });

  it('when it has no limit of times › it applies to all requests until it is cancelled', async () => {
    const { emulator, portal } = await start();
    const tokens = tokensFor(portal);
    const fault = emulator.orderFault({ on: 'rest', times: Number.POSITIVE_INFINITY, effect });
    const statuses = [(await callRest(tokens, 'profile')).status, (await callRest(tokens, 'profile')).status];
    fault.cancel();

    const after = await callRest(tokens, 'profile');

    expect([...statuses, after.status]).toEqual([500, 500, 200]);
  });

  it('when it names a method › it applies only to this method', async () => {
    const { emulator, portal } = await start();
    emulator.orderFault({ on: 'rest', restMethod: 'user.current', effect });
    const tokens = tokensFor(portal);

    const statuses = [
      (await callRest(tokens, 'profile')).status,
      (await callRest(tokens, 'User.Current.json')).status,
    ];

    expect(statuses).toEqual([200, 500]);
  });

  it('when it names a method that comes inside a batch › it is refused there', async () => {
    const { emulator, portal } = await start();
    emulator.orderFault({ on: 'rest', restMethod: 'user.current', effect });

    const { status, body } = await callRest(tokensFor(portal), 'batch', {
      cmd: { me: 'user.current', a: 'user.admin' },
    });

    expect(status).toBe(200);
    expect(body.result).toMatchObject({ result: { a: true }, result_error: { me: { error: 'ordered' } } });
  });

  it('when it names a portal › the other portal works', async () => {
    const { emulator } = await start({ portals: [aPortal(), aPortal({ host: '127.0.0.2' })] });
    const [sick, well] = emulator.portals as [EmulatedPortal, EmulatedPortal];
    emulator.orderFault({ on: 'rest', portal: sick.host, effect });

    const answers = [await callRest(tokensFor(well), 'profile'), await callRest(tokensFor(sick), 'profile')];

    expect(answers.map(({ status }) => status)).toEqual([200, 500]);
  });

  it('when it names a portal user › it applies to their tokens, at the portal and at the token endpoint', async () => {
    const { emulator, portal } = await start({ portals: [aPortal({ users: threeUsers() })] });
    const [ours, others] = [tokensFor(portal, 1), tokensFor(portal, 2)];
    emulator.orderFault({ on: 'rest', userId: 2, effect });
    emulator.orderFault({ on: 'token', userId: 2, effect });

    const answers = [
      await callRest(ours, 'profile'),
      await callRest(others, 'profile'),
      await refresh(emulator, ours.refreshToken),
      await refresh(emulator, others.refreshToken),
    ];

    expect(answers.map(({ status }) => status)).toEqual([200, 500, 200, 500]);
  });

  it('when it names a portal and a grant type › it applies to refreshes of that portal', async () => {
    const { emulator, portal } = await start();
    emulator.orderFault({ on: 'token', portal: portal.host, grantType: 'refresh_token', effect });

    const answers = [
      await exchange(emulator, portal.issueCode(owner)),
      await refresh(emulator, tokensFor(portal).refreshToken),
      await askToken(emulator, { grant_type: 'refresh_token' }),
    ];

    expect(answers.map(({ status }) => status)).toEqual([200, 500, 400]);
  });

  it('when it names the authorize page › it applies to the page', async () => {
    const { emulator, portal } = await start();
    emulator.orderFault({ on: 'authorize', effect: { type: 'html', status: 503 } });

    const response = await fetch(authorizeUrl(portal));

    expect(response.status).toBe(503);
  });
});
