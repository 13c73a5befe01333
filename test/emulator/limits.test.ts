import { describe, expect, it } from '@jest/globals';

import type { EmulatedPortal } from '../../emulator/index.ts';
import { aPortal, callRest, DEMO_CLIENT, start, tokensFor } from './support.ts';

describe('the request limit', () => {
  it('when the bucket is full › answers 503 QUERY_LIMIT_EXCEEDED', async () => {
    const { portal } = await start({ now: () => 0, requestLimit: { burst: 3, perSecond: 2 } });
    const tokens = tokensFor(portal);
    for (let call = 1; call <= 3; call += 1) await callRest(tokens, 'profile');

    const { status, body } = await callRest(tokens, 'profile');

    expect(status).toBe(503);
    expect(body).toEqual({ error: 'QUERY_LIMIT_EXCEEDED', error_description: 'Too many requests' });
  });

  it('when half a second passed at 2 per second › admits exactly one more', async () => {
    const { emulator, portal } = await start({ now: () => 0, requestLimit: { burst: 1, perSecond: 2 } });
    const tokens = tokensFor(portal);
    await callRest(tokens, 'profile');
    emulator.advance(500);

    const statuses = [(await callRest(tokens, 'profile')).status, (await callRest(tokens, 'profile')).status];

    expect(statuses).toEqual([200, 503]);
  });

  it('when the bucket of one portal is full › another portal still answers', async () => {
    const { emulator } = await start({
      now: () => 0,
      requestLimit: { burst: 1, perSecond: 2 },
      portals: [aPortal(), aPortal({ host: '127.0.0.2' })],
    });
    const [full, other] = emulator.portals as [EmulatedPortal, EmulatedPortal];
    await callRest(tokensFor(full), 'profile');

    const { status } = await callRest(tokensFor(other), 'profile');

    expect(status).toBe(200);
  });

  it('when a batch of many is sent › it counts as one request', async () => {
    const { portal } = await start({ now: () => 0, requestLimit: { burst: 2, perSecond: 2 } });
    const tokens = tokensFor(portal);
    await callRest(tokens, 'batch', { cmd: Array.from({ length: 50 }, () => 'user.admin') });

    const { status } = await callRest(tokens, 'profile');

    expect(status).toBe(200);
  });

  it('when it is set and removed while running › both take effect', async () => {
    const { emulator, portal } = await start({ now: () => 0 });
    const tokens = tokensFor(portal);
    emulator.setRequestLimit({ burst: 1, perSecond: 1 });
    await callRest(tokens, 'profile');
    const limited = await callRest(tokens, 'profile');
    emulator.setRequestLimit(null);

    const free = await callRest(tokens, 'profile');

    expect([limited.status, free.status]).toEqual([503, 200]);
  });

  it('when the token endpoint is called › it is not counted', async () => {
    const { emulator } = await start({ now: () => 0, requestLimit: { burst: 1, perSecond: 1 } });

    const answers = await Promise.all(
      [1, 2, 3].map(() => fetch(`${emulator.authorizationServer}/oauth/token/`)),
    );

    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  });
});

describe('the operating time', () => {
  const operatingLimit = { thresholdSeconds: 2, secondsPerCall: 1 };

  it('when a method used up its time › it is refused with 429, and others are not', async () => {
    const { portal } = await start({ now: () => 60_000_000, operatingLimit });
    const tokens = tokensFor(portal);
    await callRest(tokens, 'user.current');
    const second = await callRest(tokens, 'user.current');

    const third = await callRest(tokens, 'user.current');
    const other = await callRest(tokens, 'profile');

    expect(second.body.time).toMatchObject({ operating: 2, operating_reset_at: 60_600 });
    expect(third.status).toBe(429);
    expect(third.body.error).toBe('OPERATION_TIME_LIMIT');
    expect(other.status).toBe(200);
  });

  it('when the oldest minute dropped out › the method works again', async () => {
    const { emulator, portal } = await start({ now: () => 60_000_000, operatingLimit });
    const tokens = tokensFor(portal);
    await callRest(tokens, 'user.current');
    await callRest(tokens, 'user.current');
    emulator.advance(600_000);

    const { status } = await callRest({ ...tokens, ...tokensFor(portal) }, 'user.current');

    expect(status).toBe(200);
  });

  it('when another application calls the method › it has its own limit', async () => {
    const { emulator, portal } = await start({ now: () => 60_000_000, operatingLimit });
    emulator.registerClient({ ...DEMO_CLIENT, clientId: 'local.other' });
    const tokens = tokensFor(portal);
    await callRest(tokens, 'user.current');
    await callRest(tokens, 'user.current');

    const { status } = await callRest(
      portal.issueTokens({ clientId: 'local.other', userId: 1 }),
      'user.current',
    );

    expect(status).toBe(200);
  });

  it('when the calls are inside a batch › they are counted, and the refusal is inside the batch', async () => {
    const { portal } = await start({ now: () => 60_000_000, operatingLimit });
    const tokens = tokensFor(portal);

    const { status, body } = await callRest(tokens, 'batch', {
      cmd: ['user.current', 'user.current', 'user.current'],
    });

    expect(status).toBe(200);
    expect(body.result).toMatchObject({ result_error: { 2: { error: 'OPERATION_TIME_LIMIT' } } });
  });

  it('when the window is shorter › its tenths drop out one at a time, and reset_at says when', async () => {
    const { emulator, portal } = await start({
      now: () => 60_000_000,
      operatingLimit: { thresholdSeconds: 2, secondsPerCall: 1, windowSeconds: 20 },
    });
    const tokens = tokensFor(portal);
    const call = async () => {
      const { status, body } = await callRest(tokens, 'user.current');
      const { operating, operating_reset_at } = (body.time ?? {}) as Record<string, number>;
      return [status, operating, operating_reset_at];
    };

    const first = await call();
    emulator.advance(4_000);
    const second = await call();
    emulator.advance(15_999);
    const refused = await call();
    emulator.advance(1);
    const admitted = await call();
    const refusedAgain = await call();

    expect([first, second, refused, admitted, refusedAgain]).toEqual([
      [200, 1, 60_020],
      [200, 2, 60_020],
      [429, undefined, undefined],
      [200, 2, 60_024],
      [429, undefined, undefined],
    ]);
  });

  it('when many fractions of a second add up › there is no rounding error', async () => {
    const { portal } = await start({
      now: () => 60_000_000,
      operatingLimit: { thresholdSeconds: 480, secondsPerCall: 0.3 },
    });
    const tokens = tokensFor(portal);
    await callRest(tokens, 'batch', { cmd: Array.from({ length: 50 }, () => 'user.admin') });

    const { body } = await callRest(tokens, 'user.admin');

    expect(body.time).toMatchObject({ operating: 15.3 });
  });
});
