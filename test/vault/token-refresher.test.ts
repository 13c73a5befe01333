import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { findAllowedEndpoint, parseAllowedPortals } from '../../src/bitrix24/portal.ts';
import { TransportError, UnexpectedResponseError } from '../../src/http-client/transport-errors.ts';
import { createLogger } from '../../src/log.ts';
import { type TokenEndpoint, TokenEndpointError } from '../../src/oauth/token-endpoint.ts';
import type { PortalUserId } from '../../src/portal-user.ts';
import { openEmbeddedStore } from '../../src/store/embedded-store.ts';
import { type Store, StoreUnavailableError } from '../../src/store/store.ts';
import { createCipher } from '../../src/vault/cipher.ts';
import { SYSTEM_CLOCK } from '../../src/vault/clock.ts';
import { GrantEndedError, RefreshPendingError, StoppingError } from '../../src/vault/grant-errors.ts';
import type { StoredTokens } from '../../src/vault/stored-tokens.ts';
import { tokenKey } from '../../src/vault/token-record.ts';
import {
  createTokenRefresher,
  type RefreshObserver,
  type TokenRefresher,
} from '../../src/vault/token-refresher.ts';
import { createTokenVault, type TokenVault } from '../../src/vault/token-vault.ts';
import { createClock, HOUR, type TestClock } from '../support/clock.ts';
import { createMemoryStore } from '../support/memory-store.ts';
import { createMovableClock, type MovableClock } from '../support/movable-clock.ts';
import { newDataDir } from '../support/start-app.ts';
import { anOwner, aPlainCipher, newTokens, tokensOf } from '../support/token-builders.ts';

const INFO = new URL('https://oauth.bitrix.info');
const TECH = new URL('https://oauth.bitrix24.tech');
/** How long a claim keeps others away (refresh.md section 5, L). */
const EXCLUSIVE = 10_000;

const NEVER_SENT = () => new TransportError('as', 'ECONNREFUSED', { timedOut: false, neverSent: true });
const RESET = () => new TransportError('as', 'ECONNRESET', { timedOut: false, neverSent: false });
const TIMED_OUT = () => new TransportError('as', 'deadline passed', { timedOut: true, neverSent: false });
const HTML = () => new UnexpectedResponseError('body', 'as answered 502 without readable JSON');
const refused = (code: string) => () => new TokenEndpointError(code);

/** An authorization server that answers with one step for each call; the last step repeats. */
class AuthorizationServerStub implements TokenEndpoint {
  calls: { server: string; refreshToken: string }[] = [];
  steps: ((generation: number) => Promise<unknown> | unknown)[] = [];

  async refresh(server: URL, refreshToken: string): Promise<unknown> {
    this.calls.push({ server: server.origin, refreshToken });
    const step = this.steps.length > 1 ? this.steps.shift() : this.steps[0];
    return step ? step(this.calls.length + 1) : aTokenResponse(this.calls.length + 1);
  }
  async exchangeCode(): Promise<unknown> {
    throw new Error('these tests exchange no codes');
  }
}

let clock: TestClock;
/** Set in tests that move the time; the others go by the real one. */
let movable: MovableClock | undefined;
let dataDir: string;
let store: Store;
let vault: TokenVault;
let server: AuthorizationServerStub;
let refresher: TokenRefresher;
let owner: PortalUserId;
let lines: string[];
let toClose: Store[];
/** Tells the newest refresher that the store is back. */
let storeIsBack: () => void;
beforeEach(() => {
  movable = undefined;
  clock = createClock();
  dataDir = newDataDir();
  toClose = [];
  lines = [];
  store = anotherStore();
  vault = vaultOn(store);
  server = new AuthorizationServerStub();
  refresher = aRefresher();
  owner = anOwner();
});
afterEach(async () => {
  for (const one of toClose) await one.close();
});

function anotherStore(): Store {
  const another = openEmbeddedStore(dataDir, clock.now);
  toClose.push(another);
  return another;
}

function vaultOn(on: Store): TokenVault {
  const cipher = movable ? aPlainCipher() : createCipher([Buffer.alloc(32, 'key')]);
  return createTokenVault({ store: on, cipher });
}

/** From here on nothing in this test waits for real time: only promises and the moved clock set things off. */
function moveTime(): MovableClock {
  movable = createMovableClock();
  clock = movable;
  store = createMemoryStore(movable.now);
  vault = vaultOn(store);
  refresher = aRefresher();
  return movable;
}

function aRefresher(overrides: { vault?: TokenVault; observer?: RefreshObserver } = {}): TokenRefresher {
  return createTokenRefresher({
    vault,
    tokenEndpoint: server,
    authorizationServers: [INFO, TECH],
    logger: createLogger({
      level: 'debug',
      isPretty: false,
      destination: { write: (line) => void lines.push(line) },
    }),
    clock: movable ?? { ...SYSTEM_CLOCK, now: clock.now },
    findEndpoint: (text) => findAllowedEndpoint(text, parseAllowedPortals('acme.bitrix24.com,*.bitrix24.de')),
    onStoreReturn: (listener) => {
      storeIsBack = listener;
    },
    ...overrides,
  });
}

function aTokenResponse(
  generation: number,
  overrides: Record<string, unknown> = {},
): Record<string, unknown> {
  return {
    access_token: `access ${generation}`,
    refresh_token: `refresh ${generation}`,
    expires_in: 3600,
    client_endpoint: 'https://acme.bitrix24.com/rest/',
    member_id: owner.memberId,
    user_id: owner.userId,
    ...overrides,
  };
}

const fail = (error: () => Error) => () => {
  throw error();
};

async function anExpiredGrant(authorizationServer = INFO): Promise<StoredTokens> {
  await vault.save(owner, newTokens({ expiresAt: new Date(clock.now() - 1) }), authorizationServer.origin);
  return load();
}

async function load(): Promise<StoredTokens> {
  const grant = await vault.load(owner);
  if (grant === undefined) throw new Error('there is no grant');
  return grant;
}

async function stored(): Promise<Record<string, unknown>> {
  return JSON.parse((await store.get(tokenKey(owner))) ?? 'null');
}

/** Holds up whatever awaits `pass` until the test calls `open`. */
function aGate() {
  let open = () => {};
  let reached = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  const wasReached = new Promise<void>((resolve) => {
    reached = resolve;
  });
  const pass = () => {
    reached();
    return opened;
  };
  return { pass, open, wasReached };
}

function pauseFor(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

describe('current()', () => {
  it('when the access token is valid › gives it, without a call to the authorization server', async () => {
    await vault.save(owner, newTokens(), INFO.origin);

    const grant = await refresher.current(owner);

    expect(grant).toMatchObject({ accessToken: 'access 1', generation: 1 });
    expect(server.calls).toEqual([]);
  });

  it('when its end is near by our estimate › renews it, and stores the new pair', async () => {
    await anExpiredGrant();
    const before = clock.now();

    const grant = await refresher.current(owner);

    expect(grant).toMatchObject({ accessToken: 'access 2', refreshToken: 'refresh 2', generation: 2 });
    expect(await load()).toMatchObject({ accessToken: 'access 2', refreshToken: 'refresh 2', generation: 2 });
    expect(grant.expiresAt.getTime()).toBeGreaterThanOrEqual(before + HOUR - 60_000);
    expect(grant.expiresAt.getTime()).toBeLessThanOrEqual(clock.now() + HOUR - 60_000);
    expect(await stored()).toMatchObject({ iid: null, state: 'ok' });
  });

  it('when it renewed › gives the same tokens as the vault', async () => {
    await anExpiredGrant();

    const grant = await refresher.current(owner);

    const { chain, generation, accessToken, expiresAt, clientEndpoint, authorizationServer, state } = grant;
    expect(await load()).toEqual({
      chain,
      generation,
      accessToken,
      refreshToken: 'refresh 2',
      expiresAt,
      clientEndpoint,
      authorizationServer,
      state,
    });
  });

  it('when the portal user has no stored tokens › the grant is over', async () => {
    await expect(refresher.current(owner)).rejects.toThrow(
      expect.objectContaining({ code: 'sign_in_required', status: 401, reason: 'no_grant' }),
    );
  });

  it.each([
    ['the one that granted it', TECH, TECH],
    ['the first of the list, when that one is no longer listed', new URL('https://evil.example'), INFO],
  ])('when it renews › calls %s', async (_, granted, asked) => {
    await anExpiredGrant(granted);

    await refresher.current(owner);

    expect(server.calls).toEqual([{ server: asked.origin, refreshToken: 'refresh 1' }]);
  });

  it('when a renewal names an allowed address of the portal › takes it: the portal was renamed', async () => {
    await anExpiredGrant();
    server.steps = [() => aTokenResponse(2, { client_endpoint: 'https://renamed.bitrix24.de/rest/' })];

    const grant = await refresher.current(owner);

    expect(grant.clientEndpoint).toBe('https://renamed.bitrix24.de/rest/');
    expect((await load()).clientEndpoint).toBe('https://renamed.bitrix24.de/rest/');
  });

  it('when a renewal names an address that may not be called › keeps the one that was checked', async () => {
    await anExpiredGrant();
    server.steps = [() => aTokenResponse(2, { client_endpoint: 'https://evil.example/rest/' })];

    const grant = await refresher.current(owner);

    expect(grant.clientEndpoint).toBe('https://acme.bitrix24.com/rest/');
    expect((await load()).clientEndpoint).toBe('https://acme.bitrix24.com/rest/');
  });

  it('when it renews four times in a row › uses each refresh token once', async () => {
    await anExpiredGrant();

    for (const _hour of [1, 2, 3]) {
      await refresher.current(owner);
      clock.advance(HOUR);
    }

    expect(server.calls.map(({ refreshToken }) => refreshToken)).toEqual([
      'refresh 1',
      'refresh 2',
      'refresh 3',
    ]);
    expect(await load()).toMatchObject({ generation: 4 });
  });

  it('when it renewed › no token is in the log', async () => {
    await anExpiredGrant();
    server.steps = [
      () => aTokenResponse(2, { access_token: 'CANARY-access', refresh_token: 'CANARY-refresh' }),
    ];

    await refresher.current(owner);

    expect(lines.join()).toContain('access token renewed');
    expect(lines.join()).not.toMatch(/CANARY|refresh 1|access 1/);
  });
});

describe('many callers', () => {
  it('when 200 callers come at once › one call serves them all', async () => {
    await anExpiredGrant();

    const grants = await Promise.all(Array.from({ length: 200 }, () => refresher.current(owner)));

    expect(server.calls).toHaveLength(1);
    expect(new Set(grants.map(({ accessToken }) => accessToken))).toEqual(new Set(['access 2']));
  });

  it('when 200 callers come to four processes › one call serves them all', async () => {
    await anExpiredGrant();
    const processes = [refresher, ...[1, 2, 3].map(() => aRefresher({ vault: vaultOn(anotherStore()) }))];

    const grants = await Promise.all(
      Array.from({ length: 200 }, (_, n) => (processes[n % 4] as TokenRefresher).current(owner)),
    );

    expect(server.calls).toHaveLength(1);
    expect(new Set(grants.map(({ accessToken }) => accessToken))).toEqual(new Set(['access 2']));
    expect(await load()).toMatchObject({ generation: 2 });
  });

  it('when the access token expires ten times › ten calls serve all callers', async () => {
    await anExpiredGrant();
    const processes = [refresher, aRefresher({ vault: vaultOn(anotherStore()) })];

    for (let hour = 0; hour < 10; hour += 1) {
      await Promise.all(
        Array.from({ length: 20 }, (_, n) => (processes[n % 2] as TokenRefresher).current(owner)),
      );
      clock.advance(HOUR);
    }

    expect(server.calls).toHaveLength(10);
    expect(await load()).toMatchObject({ generation: 11, accessToken: 'access 11' });
  });

  it('when the callers are different portal users › each gets their own tokens', async () => {
    const others = [owner, { ...owner, userId: 8 }, anOwner()];
    for (const one of others) {
      await vault.save(
        one,
        newTokens({ expiresAt: new Date(0), refreshToken: `of ${one.userId}` }),
        INFO.origin,
      );
    }
    server.steps = others.map(
      (one) => () =>
        aTokenResponse(2, {
          member_id: one.memberId,
          user_id: one.userId,
          access_token: `for ${one.userId}`,
        }),
    );

    const grants: StoredTokens[] = [];
    for (const one of others) grants.push(await refresher.current(one));

    expect(grants.map(({ accessToken }) => accessToken)).toEqual(['for 7', 'for 8', 'for 7']);
  });

  it('when the renewal fails › all waiting callers get the failure, and the next caller tries again', async () => {
    await anExpiredGrant();
    server.steps = [fail(refused('payment_required')), () => aTokenResponse(2)];

    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => refresher.current(owner)));
    const later = await refresher.current(owner);

    expect(outcomes.map(({ status }) => status)).toEqual(outcomes.map(() => 'rejected'));
    expect(later).toMatchObject({ accessToken: 'access 2' });
    expect(server.calls).toHaveLength(2);
  });
});

describe('renewed()', () => {
  it('when the portal refused the newest token › renews it, although it should be valid', async () => {
    await vault.save(owner, newTokens(), INFO.origin);
    const failed = await load();

    const grant = await refresher.renewed(owner, failed);

    expect(grant).toMatchObject({ generation: 2, accessToken: 'access 2' });
    expect(server.calls).toHaveLength(1);
  });

  it('when another process has renewed it already › gives those tokens, without a call', async () => {
    await vault.save(owner, newTokens(), INFO.origin);
    const failed = await load();
    await vault.commit(owner, failed, 'another process', tokensOf(2));

    const grant = await refresher.renewed(owner, failed);

    expect(grant).toMatchObject({ generation: 2, accessToken: 'access 2' });
    expect(server.calls).toEqual([]);
  });

  it('when the portal user has signed in again › gives the tokens of that sign-in, without a call', async () => {
    await vault.save(owner, newTokens(), INFO.origin);
    const failed = await load();
    await vault.save(owner, tokensOf(9), INFO.origin);

    const grant = await refresher.renewed(owner, failed);

    expect(grant).toMatchObject({ accessToken: 'access 9' });
    expect(server.calls).toEqual([]);
  });

  it('when the portal refused 50 calls with the same token › one renewal serves them all', async () => {
    await vault.save(owner, newTokens(), INFO.origin);
    const failed = await load();

    const grants = await Promise.all(Array.from({ length: 50 }, () => refresher.renewed(owner, failed)));

    expect(server.calls).toHaveLength(1);
    expect(grants.map(({ generation }) => generation)).toEqual(grants.map(() => 2));
  });

  it('when the record is gone › the grant is over', async () => {
    await vault.save(owner, newTokens(), INFO.origin);
    const failed = await load();
    await vault.forget(owner);

    await expect(refresher.renewed(owner, failed)).rejects.toThrow(GrantEndedError);
  });
});

describe('a refusal that ends the grant', () => {
  it.each(['invalid_grant', 'expired_token', 'invalid_token', 'not_installed'])(
    'when it is %s › the grant is over, and its tokens are kept',
    async (code) => {
      await anExpiredGrant();
      server.steps = [fail(refused(code))];

      await expect(refresher.current(owner)).rejects.toThrow(
        expect.objectContaining({ code: 'sign_in_required', reason: code }),
      );

      expect(await load()).toMatchObject({ state: 'reauth', generation: 1, refreshToken: 'refresh 1' });
      expect(await stored()).toMatchObject({ why: code, iid: null });
    },
  );

  it('when the grant is over › the server is not called again', async () => {
    await anExpiredGrant();
    server.steps = [fail(refused('invalid_grant'))];
    await Promise.allSettled([refresher.current(owner)]);

    await expect(refresher.current(owner)).rejects.toThrow(GrantEndedError);

    expect(server.calls).toHaveLength(1);
  });

  it('when the portal user signs in again › gives the new tokens', async () => {
    await anExpiredGrant();
    server.steps = [fail(refused('invalid_grant'))];
    await Promise.allSettled([refresher.current(owner)]);

    await vault.save(owner, tokensOf(9), INFO.origin);

    expect(await refresher.current(owner)).toMatchObject({ accessToken: 'access 9' });
  });

  it('when another process has renewed meanwhile › its tokens are taken', async () => {
    const grant = await anExpiredGrant();
    server.steps = [
      async () => {
        await vault.commit(owner, grant, 'another process', tokensOf(2));
        throw new TokenEndpointError('invalid_grant');
      },
    ];

    expect(await refresher.current(owner)).toMatchObject({ accessToken: 'access 2', generation: 2 });
    expect(await load()).toMatchObject({ state: 'ok' });
  });

  it('when the portal user has signed in meanwhile › the tokens of that sign-in are taken', async () => {
    await anExpiredGrant();
    server.steps = [
      async () => {
        await vault.save(owner, tokensOf(9), INFO.origin);
        throw new TokenEndpointError('invalid_grant');
      },
    ];

    expect(await refresher.current(owner)).toMatchObject({ accessToken: 'access 9' });
    expect(await load()).toMatchObject({ state: 'ok' });
  });

  it('when another attempt is alive by now › the grant is not ended, and the tokens of that attempt are taken', async () => {
    const grant = await anExpiredGrant();
    server.steps = [
      async () => {
        clock.advance(EXCLUSIVE);
        await vault.claim(owner, grant, 'another', EXCLUSIVE);
        setTimeout(() => void vault.commit(owner, grant, 'another', tokensOf(2)), 100);
        throw new TokenEndpointError('invalid_grant');
      },
    ];

    expect(await refresher.current(owner)).toMatchObject({ accessToken: 'access 2' });

    expect(await load()).toMatchObject({ state: 'ok', generation: 2 });
    expect(server.calls).toHaveLength(1);
  });

  it('when five processes wait for it › one calls the server, and all say that the grant is over', async () => {
    await anExpiredGrant();
    server.steps = [() => pauseFor(100).then(fail(refused('invalid_grant')))];
    const processes = Array.from({ length: 5 }, () => aRefresher({ vault: vaultOn(anotherStore()) }));

    const outcomes = await Promise.allSettled(processes.map((process) => process.current(owner)));

    expect(outcomes).toEqual(
      outcomes.map(() => ({
        status: 'rejected',
        reason: expect.objectContaining({ code: 'sign_in_required' }),
      })),
    );
    expect(server.calls).toHaveLength(1);
  });

  it('when the answer to an earlier attempt may still arrive › the grant is suspect, and that answer heals it', async () => {
    const grant = await anExpiredGrant();
    await vault.claim(owner, grant, 'frozen', EXCLUSIVE);
    clock.advance(EXCLUSIVE + 1);
    server.steps = [fail(refused('invalid_grant'))];

    await expect(refresher.current(owner)).rejects.toThrow(GrantEndedError);
    const suspected = await stored();
    await vault.commit(owner, grant, 'frozen', tokensOf(2));

    expect(suspected).toMatchObject({ state: 'suspect', gen: 1 });
    expect(await refresher.current(owner)).toMatchObject({ accessToken: 'access 2' });
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['of another portal', { member_id: 'ffffffffffffffffffffffffffffffff' }, 'foreign_tokens'],
    ['of another user', { user_id: 8 }, 'foreign_tokens'],
    ['without a refresh token', { refresh_token: undefined }, 'unusable_answer'],
    ['of no shape at all', { access_token: { is: 'odd' } }, 'unusable_answer'],
  ])('when the answer holds tokens %s › stores them for no portal user', async (_, odd, why) => {
    await anExpiredGrant();
    server.steps = [() => aTokenResponse(2, odd)];

    await expect(refresher.current(owner)).rejects.toThrow(expect.objectContaining({ reason: why }));

    expect(await load()).toMatchObject({ state: 'reauth', generation: 1, accessToken: 'access 1' });
    expect(await vault.load({ ...owner, userId: 8 })).toBe(undefined);
  });

  it('when the answer does not say whose tokens it holds › takes them', async () => {
    await anExpiredGrant();
    server.steps = [() => aTokenResponse(2, { user_id: undefined })];

    expect(await refresher.current(owner)).toMatchObject({ accessToken: 'access 2' });
  });
});

describe('a failure that leaves the tokens alone', () => {
  it.each([
    'invalid_client',
    'wrong_client',
    'payment_required',
    'user_access_error',
    'query_limit_exceeded',
  ])('when the server refuses with %s › the tokens are kept, and can be tried again', async (code) => {
    await anExpiredGrant();
    server.steps = [fail(refused(code)), () => aTokenResponse(2)];

    await expect(refresher.current(owner)).rejects.toThrow(TokenEndpointError);

    expect(await load()).toMatchObject({ state: 'ok', generation: 1 });
    expect(await stored()).toMatchObject({ iid: null, tries: 0, err: code });
    // Another process has not heard of the refusal.
    expect(await aRefresher().current(owner)).toMatchObject({ accessToken: 'access 2' });
  });

  it.each(['invalid_client', 'wrong_client'])(
    'when our own settings are wrong (%s) › writes a line of level error to the log',
    async (code) => {
      await anExpiredGrant();
      server.steps = [fail(refused(code))];

      await Promise.allSettled([refresher.current(owner)]);

      expect(lines.map((line) => JSON.parse(line)).filter(({ level }) => level === 'error')).toHaveLength(1);
    },
  );

  it('when the server refuses all users alike › it is called once a second, for whichever user comes', async () => {
    const time = moveTime();
    const others = [owner, anOwner(), anOwner()];
    for (const one of others) await vault.save(one, newTokens({ expiresAt: new Date(0) }), INFO.origin);
    server.steps = [fail(refused('invalid_client'))];

    const outcomes = [];
    for (const one of others) outcomes.push(...(await Promise.allSettled([refresher.current(one)])));

    expect(outcomes).toEqual(
      outcomes.map(() => ({
        status: 'rejected',
        reason: expect.objectContaining({ code: 'app_misconfigured' }),
      })),
    );
    expect(server.calls).toHaveLength(1);
    await time.pass(1_100);
    await Promise.allSettled(others.map((one) => refresher.current(one)));
    expect(server.calls).toHaveLength(2);
  });

  it('when the server stops refusing › all users are served at once', async () => {
    const time = moveTime();
    const others = [owner, anOwner(), anOwner()];
    for (const one of others) await vault.save(one, newTokens({ expiresAt: new Date(0) }), INFO.origin);
    const grants = others.map((one) => () => aTokenResponse(2, { member_id: one.memberId }));
    server.steps = [fail(refused('invalid_client')), ...grants];
    await Promise.allSettled([refresher.current(owner)]);
    await time.pass(1_100);

    for (const one of others) await refresher.current(one);

    expect(server.calls).toHaveLength(4);
  });

  it('when the request never left the process › it is sent again', async () => {
    const time = moveTime();
    await anExpiredGrant();
    server.steps = [fail(NEVER_SENT), fail(NEVER_SENT), () => aTokenResponse(2)];

    const renewing = refresher.current(owner);
    await time.passUntil(renewing);

    expect(await renewing).toMatchObject({ accessToken: 'access 2' });
    expect(server.calls).toHaveLength(3);
  });

  it('when the request never left the process three times › the tokens are kept, and can be tried again at once', async () => {
    const time = moveTime();
    await anExpiredGrant();
    server.steps = [fail(NEVER_SENT)];

    const failing = expect(refresher.current(owner)).rejects.toThrow(TransportError);
    await time.passUntil(failing);
    await failing;

    expect(server.calls).toHaveLength(3);
    expect(await stored()).toMatchObject({ iid: null, state: 'ok' });
  });

  it('when the first request never left the process and the second was cut off › no third is sent', async () => {
    const time = moveTime();
    await anExpiredGrant();
    server.steps = [fail(NEVER_SENT), fail(RESET)];

    const waiting = Promise.allSettled([refresher.current(owner)]);
    await time.pass(500);

    expect(await stored()).toMatchObject({ iid: expect.any(String), over: true });
    expect(server.calls).toHaveLength(2);
    await time.passUntil(refresher.drain());
    await waiting;
  });
});

describe('an attempt without an answer', () => {
  let time: MovableClock;
  beforeEach(() => {
    time = moveTime();
  });

  it.each<[string, () => Error]>([
    ['the connection was reset', RESET],
    ['the answer was a page', HTML],
    ['the server was in trouble', () => new TokenEndpointError('internal_error', 500)],
  ])('when %s › the same token is tried again after a pause, while the caller waits', async (_, error) => {
    await anExpiredGrant();
    server.steps = [fail(error), () => aTokenResponse(2)];

    const waiting = refresher.current(owner);
    await time.pass(1_500);
    const callsAtFirst = server.calls.length;
    await time.pass(1_500);

    expect(callsAtFirst).toBe(1);
    expect(await waiting).toMatchObject({ accessToken: 'access 2' });
    expect(server.calls.map(({ refreshToken }) => refreshToken)).toEqual(['refresh 1', 'refresh 1']);
  });

  it('when the token turns out to be used up › the grant is over, because no other attempt was made', async () => {
    await anExpiredGrant();
    server.steps = [fail(RESET), fail(refused('invalid_grant'))];

    const waiting = expect(refresher.current(owner)).rejects.toThrow(GrantEndedError);
    await time.pass(3_000);
    await waiting;

    expect(await stored()).toMatchObject({ state: 'reauth', why: 'invalid_grant' });
    expect(server.calls).toHaveLength(2);
  });

  it('when three got none › the token is not tried again, and callers learn for how long', async () => {
    await anExpiredGrant();
    server.steps = [fail(RESET)];

    for (const _caller of [1, 2, 3]) {
      const left = expect(refresher.current(owner)).rejects.toThrow(RefreshPendingError);
      await time.pass(12_000);
      await left;
    }

    await expect(refresher.current(owner)).rejects.toThrow(
      expect.objectContaining({ code: 'reconnecting', reason: 'exhausted' }),
    );
    expect(server.calls).toHaveLength(3);
    expect(await load()).toMatchObject({ state: 'ok', generation: 1 });
  });

  it('when no answer came in 65 s › the next caller tries again; the first has left long ago', async () => {
    await anExpiredGrant();
    const gate = aGate();
    server.steps = [() => gate.pass().then(fail(TIMED_OUT)), () => aTokenResponse(2)];
    const left = expect(refresher.current(owner)).rejects.toThrow(RefreshPendingError);
    await gate.wasReached;
    await time.pass(9_000);
    await left;

    gate.open();
    await time.pass(3_000);
    const next = refresher.current(owner);
    await time.pass(500);

    expect(await next).toMatchObject({ accessToken: 'access 2' });
  });
});

describe('a store that went back in time', () => {
  it('when it shows an older generation of the same chain › the newer tokens in memory are written back', async () => {
    await anExpiredGrant();
    const old = (await store.get(tokenKey(owner))) ?? '';
    await refresher.current(owner);
    await store.set(tokenKey(owner), old, HOUR);

    const grant = await refresher.current(owner);

    expect(grant).toMatchObject({ accessToken: 'access 2', generation: 2 });
    expect(await load()).toMatchObject({ accessToken: 'access 2', generation: 2 });
    expect(server.calls).toHaveLength(1);
  });

  it('when it is back after an outage › the newer tokens of all processes are written back before any token is used up', async () => {
    const time = moveTime();
    await anExpiredGrant();
    const old = (await store.get(tokenKey(owner))) ?? '';
    await refresher.current(owner);
    const knows = storeIsBack;
    const knowsNothing = aRefresher();
    const hearsOfIt = storeIsBack;
    await store.set(tokenKey(owner), old, HOUR);

    hearsOfIt();
    const asked = knowsNothing.current(owner);
    await time.pass(100);
    knows();
    await time.passUntil(asked);

    expect(await asked).toMatchObject({ accessToken: 'access 2', generation: 2 });
    expect(server.calls).toHaveLength(1);
  });

  it('when it is back and shows nothing older › a renewal waits two seconds, and is then made', async () => {
    const time = moveTime();
    await anExpiredGrant();
    storeIsBack();

    const renewed = refresher.current(owner);

    expect(await time.passUntil(renewed)).toBeGreaterThanOrEqual(2_000);
    expect(await renewed).toMatchObject({ generation: 2 });
  });

  it('when it shows a newer sign-in › the record stays', async () => {
    await anExpiredGrant();
    await refresher.current(owner);
    await vault.save(owner, tokensOf(9), INFO.origin);

    expect(await refresher.current(owner)).toMatchObject({ accessToken: 'access 9', generation: 1 });
  });

  it('when the record is missing › it is not written back: it may have been removed on purpose', async () => {
    await anExpiredGrant();
    await refresher.current(owner);
    await vault.forget(owner);

    await expect(refresher.current(owner)).rejects.toThrow(GrantEndedError);

    expect(await store.get(tokenKey(owner))).toBe(null);
  });

  it('when the old record says that the grant is over › the newer tokens in memory heal that too', async () => {
    await anExpiredGrant();
    const old = JSON.parse((await store.get(tokenKey(owner))) ?? '');
    await refresher.current(owner);
    await store.set(tokenKey(owner), JSON.stringify({ ...old, state: 'reauth' }), HOUR);

    expect(await refresher.current(owner)).toMatchObject({ generation: 2 });
    expect(await load()).toMatchObject({ state: 'ok', generation: 2 });
  });
});

describe('a store in trouble', () => {
  it('when it cannot be written to before the call › the server is not called', async () => {
    await anExpiredGrant();
    const away = {
      ...store,
      replaceIfUnchanged: () => Promise.reject(new StoreUnavailableError('OOM')),
    };

    await expect(aRefresher({ vault: vaultOn(away) }).current(owner)).rejects.toThrow(StoreUnavailableError);

    expect(server.calls).toEqual([]);
  });

  it('when it cannot be written to after the call › the new pair is stored as soon as possible', async () => {
    await anExpiredGrant();
    let failuresLeft = 0;
    const shaky: Store = {
      ...store,
      async replaceIfUnchanged(...args) {
        failuresLeft -= 1;
        if (failuresLeft >= 0) throw new StoreUnavailableError('away');
        return store.replaceIfUnchanged(...args);
      },
    };
    server.steps = [
      () => {
        failuresLeft = 3;
        return aTokenResponse(2);
      },
    ];

    const holding = aRefresher({ vault: vaultOn(shaky) });
    const grant = await holding.current(owner);
    const [isSavedAtFirst, again] = [holding.isSaved(), await holding.current(owner)];
    await holding.drain();

    expect(grant).toMatchObject({ accessToken: 'access 2', generation: 2 });
    expect(again).toEqual(grant);
    expect(isSavedAtFirst).toBe(false);
    expect(holding.isSaved()).toBe(true);
    expect(await load()).toMatchObject({ accessToken: 'access 2', generation: 2 });
    expect(server.calls).toHaveLength(1);
  });

  it('when it came back a moment ago › processes that hold new pairs store them first', async () => {
    const time = moveTime();
    const grant = await anExpiredGrant();
    let isFull = true;
    const full: Store = {
      ...store,
      async replaceIfUnchanged(...args) {
        if (isFull) throw new StoreUnavailableError('OOM');
        return store.replaceIfUnchanged(...args);
      },
    };
    const waiting = aRefresher({ vault: vaultOn(full) });
    await vault.claim(owner, grant, 'holds the new pair', EXCLUSIVE);
    clock.advance(EXCLUSIVE + 1);
    await expect(waiting.current(owner)).rejects.toThrow(StoreUnavailableError);

    isFull = false;
    const patient = waiting.current(owner);
    await time.pass(300);
    await vault.commit(owner, grant, 'holds the new pair', tokensOf(2));
    await time.passUntil(patient);

    expect(await patient).toMatchObject({ accessToken: 'access 2' });
    expect(server.calls).toEqual([]);
  });

  it('when the answer to a write is lost › the new pair is stored once', async () => {
    await anExpiredGrant();
    let isCut = false;
    const cut: Store = {
      ...store,
      async replaceIfUnchanged(...args) {
        const written = await store.replaceIfUnchanged(...args);
        if (!isCut) return written;
        isCut = false;
        throw new StoreUnavailableError('cut off after the write');
      },
    };
    server.steps = [
      () => {
        isCut = true;
        return aTokenResponse(2);
      },
    ];

    const grant = await aRefresher({ vault: vaultOn(cut) }).current(owner);

    expect(grant).toMatchObject({ accessToken: 'access 2', generation: 2 });
    expect(await load()).toMatchObject({ generation: 2 });
  });

  it('when the portal user signed in before the new pair was stored › the tokens of the sign-in stay', async () => {
    await anExpiredGrant();
    server.steps = [
      async () => {
        await vault.save(owner, tokensOf(9), INFO.origin);
        return aTokenResponse(2);
      },
    ];

    const grant = await refresher.current(owner);

    expect(grant).toMatchObject({ accessToken: 'access 9' });
    expect(await load()).toMatchObject({ accessToken: 'access 9', generation: 1 });
  });

  it('when the record was removed during the call › it stays removed', async () => {
    await anExpiredGrant();
    server.steps = [
      async () => {
        await vault.forget(owner);
        return aTokenResponse(2);
      },
    ];

    await expect(refresher.current(owner)).rejects.toThrow(GrantEndedError);

    expect(await vault.load(owner)).toBe(undefined);
  });
});

describe('a slow authorization server', () => {
  let time: MovableClock;
  beforeEach(() => {
    time = moveTime();
  });

  it('when it takes more than 8 s › the caller leaves, and the late answer is stored', async () => {
    await anExpiredGrant();
    const gate = aGate();
    server.steps = [() => gate.pass().then(() => aTokenResponse(2))];
    const leaving = refresher.current(owner);
    const left = expect(leaving).rejects.toThrow(RefreshPendingError);
    await gate.wasReached;
    await time.pass(8_000);
    await left;

    gate.open();
    const grant = await refresher.current(owner);

    expect(grant).toMatchObject({ accessToken: 'access 2' });
    expect(await load()).toMatchObject({ generation: 2 });
    expect(server.calls).toHaveLength(1);
  });

  it('when it takes less than 8 s › the caller waits', async () => {
    await anExpiredGrant();
    const gate = aGate();
    server.steps = [() => gate.pass().then(() => aTokenResponse(2))];
    const waiting = refresher.current(owner);
    await gate.wasReached;
    await time.pass(7_900);

    gate.open();

    expect(await waiting).toMatchObject({ accessToken: 'access 2' });
  });

  it('when it takes long › other processes wait 8 s at most, and do not call it', async () => {
    await anExpiredGrant();
    const gate = aGate();
    server.steps = [() => gate.pass().then(() => aTokenResponse(2))];
    const here = Promise.allSettled([refresher.current(owner)]);
    await gate.wasReached;
    const there = expect(aRefresher({ vault: vaultOn(store) }).current(owner)).rejects.toThrow(
      RefreshPendingError,
    );

    await time.pass(0);
    await time.pass(8_000);
    await there;

    expect(server.calls).toHaveLength(1);
    gate.open();
    await here;
  });

  it('when it takes longer than a claim lasts › the owner of the claim prolongs it', async () => {
    const grant = await anExpiredGrant();
    const gate = aGate();
    server.steps = [() => gate.pass().then(() => aTokenResponse(2))];
    const leaving = Promise.allSettled([refresher.current(owner)]);
    await gate.wasReached;

    await time.pass(60_000);

    expect((await vault.claim(owner, grant, 'another', EXCLUSIVE)).outcome).toBe('busy');
    gate.open();
    await leaving;
    await refresher.drain();
    expect(await load()).toMatchObject({ generation: 2, accessToken: 'access 2' });
  });

  it('when it refuses while the claim is being prolonged › the claim ends all the same', async () => {
    const grant = await anExpiredGrant();
    const [call, renewal] = [aGate(), aGate()];
    const slow: TokenVault = {
      ...vault,
      async prolongClaim(...args) {
        await renewal.pass();
        return vault.prolongClaim(...args);
      },
    };
    server.steps = [() => call.pass().then(fail(refused('invalid_client')))];
    const failing = Promise.allSettled([aRefresher({ vault: slow }).current(owner)]);
    await call.wasReached;
    await time.pass(3_000);
    await renewal.wasReached;

    call.open();
    await failing;
    renewal.open();
    await time.pass(0);

    expect((await vault.claim(owner, grant, 'another', EXCLUSIVE)).outcome).toBe('claimed');
  });

  it('when it fails after every caller has left › there is no unhandledRejection', async () => {
    await anExpiredGrant();
    const tripped: unknown[] = [];
    const trip = (reason: unknown) => void tripped.push(reason);
    process.on('unhandledRejection', trip);
    const gate = aGate();
    server.steps = [() => gate.pass().then(fail(RESET))];
    const left = Promise.allSettled([refresher.current(owner)]);
    await gate.wasReached;
    await time.pass(8_000);
    await left;

    gate.open();
    await time.pass(0);

    process.off('unhandledRejection', trip);
    expect(tripped).toEqual([]);
  });
});

describe('drain()', () => {
  it('when no exchange is in progress › resolves', async () => {
    await expect(refresher.drain()).resolves.toBe(undefined);
  });

  it('when an exchange is in progress › resolves when its pair is stored', async () => {
    await anExpiredGrant();
    const gate = aGate();
    server.steps = [() => gate.pass().then(() => aTokenResponse(2))];
    const renewing = refresher.current(owner);
    await gate.wasReached;
    const drained = refresher.drain();

    gate.open();
    await drained;

    expect(await load()).toMatchObject({ generation: 2 });
    expect(await renewing).toMatchObject({ accessToken: 'access 2' });
  });

  it('when it was called › no refresh begins', async () => {
    await anExpiredGrant();
    await refresher.drain();

    await expect(refresher.current(owner)).rejects.toThrow(StoppingError);

    expect(server.calls).toEqual([]);
  });

  it('when it was called › valid tokens are still given', async () => {
    await vault.save(owner, newTokens(), INFO.origin);
    await refresher.drain();

    expect(await refresher.current(owner)).toMatchObject({ accessToken: 'access 1' });
  });

  it('when it was called while a caller was reading the record › that caller begins no refresh', async () => {
    await anExpiredGrant();
    const gate = aGate();
    const slow: TokenVault = {
      ...vault,
      async load(...args) {
        await gate.pass();
        return vault.load(...args);
      },
    };
    const stopping = aRefresher({ vault: slow });
    const outcome = Promise.allSettled([stopping.current(owner)]);
    await gate.wasReached;
    await stopping.drain();

    gate.open();
    await outcome;

    expect(server.calls).toEqual([]);
  });
});

describe('an observer', () => {
  /** What it was told, in order. */
  function listen() {
    const told: string[] = [];
    const observer: RefreshObserver = {
      attempted: (outcome) => told.push(`attempted ${outcome}`),
      waited: (ms) => told.push(ms >= 0 && ms < 60_000 ? 'waited' : `waited ${ms}`),
      adopted: () => told.push('adopted'),
      lost: (why) => told.push(`lost ${why}`),
      missing: () => told.push('missing'),
    };
    return { told, observer };
  }

  it.each([
    ['that went well', [() => aTokenResponse(2)], ['attempted renewed', 'waited']],
    [
      'that was refused',
      [fail(refused('invalid_grant'))],
      ['attempted refused', 'lost invalid_grant', 'waited'],
    ],
    [
      'that brought the tokens of another user',
      [() => aTokenResponse(2, { user_id: 8 })],
      ['attempted refused', 'lost foreign_tokens', 'waited'],
    ],
    ['that the server refused for now', [fail(refused('payment_required'))], ['attempted kept', 'waited']],
    [
      'that got no answer at first',
      [fail(RESET), () => aTokenResponse(2)],
      ['attempted unknown', 'attempted renewed', 'waited'],
    ],
  ])('is told of a refresh %s', async (_, steps, expected) => {
    const { told, observer } = listen();
    await anExpiredGrant();
    server.steps = steps;

    await aRefresher({ observer })
      .current(owner)
      .catch(() => {});

    expect(told).toEqual(expected);
  });

  it('is told how long each of three callers waited, and of one attempt', async () => {
    const { told, observer } = listen();
    await anExpiredGrant();
    const watched = aRefresher({ observer });

    await Promise.all([watched.current(owner), watched.current(owner), watched.current(owner)]);

    expect(told).toEqual(['attempted renewed', 'waited', 'waited', 'waited']);
  });

  it('is told that the tokens of another process were taken', async () => {
    const { told, observer } = listen();
    await anExpiredGrant();
    const gate = aGate();
    server.steps = [() => gate.pass().then(() => aTokenResponse(2))];
    const first = refresher.current(owner);
    await gate.wasReached;
    const second = aRefresher({ vault: vaultOn(anotherStore()), observer }).current(owner);
    await pauseFor(50);

    gate.open();
    await Promise.all([first, second]);

    expect(told).toEqual(['adopted', 'waited']);
  });

  it('is told of a portal user without stored tokens, and not of a valid token', async () => {
    const { told, observer } = listen();
    const watched = aRefresher({ observer });
    await watched.current(owner).catch(() => {});
    await vault.save(owner, newTokens(), INFO.origin);

    await watched.current(owner);

    expect(told).toEqual(['missing']);
  });
});
