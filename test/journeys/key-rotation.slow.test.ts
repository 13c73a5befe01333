import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createCipher } from '../../src/vault/cipher.ts';
import { resealAll } from '../../src/vault/rekey.ts';
import { createTokenVault } from '../../src/vault/token-vault.ts';
import type { BrowserAgent } from '../support/browser-agent.ts';
import { HOUR } from '../support/clock.ts';
import { type RedisServer, startRedisServer } from '../support/redis-server.ts';
import { STORE_KINDS, startApp, TEST_SECRETS, type TestApp } from '../support/start-app.ts';
import { anOwner, newTokens } from '../support/token-builders.ts';

const [OLD_SECRET = ''] = TEST_SECRETS.sessionSecrets;
const NEW_SECRET = 'another session secret that only tests know';
const [OLD_KEY = new Uint8Array()] = TEST_SECRETS.tokenKeys;
const NEW_KEY = Buffer.alloc(32, 'another test token key');

describe.each(STORE_KINDS)('rotating secrets, on the %s store', (store) => {
  let app: TestApp;
  let agent: BrowserAgent;
  /** Of our own: rekeying touches whatever there is. */
  let redis: RedisServer | undefined;
  beforeAll(async () => {
    if (store === 'redis') redis = await startRedisServer();
  });
  afterAll(() => redis?.stop());
  beforeEach(async () => {
    await redis?.client.flushall();
    app = await startApp({ store, ...(redis ? { redisUrl: redis.url } : {}) });
    agent = app.agent();
    await app.signIn(agent);
    app.emulator.clearRequests();
  });
  afterEach(() => app.stop());

  it('TOKEN_KEYS: from one replica to the next, nobody is asked to sign in', async () => {
    const rotation = [[OLD_KEY], [OLD_KEY, NEW_KEY], [NEW_KEY, OLD_KEY]];
    const visits = [];
    for (const tokenKeys of rotation) visits.push(await visitReplica({ tokenKeys }));
    const count = await rekey([NEW_KEY, OLD_KEY]);
    visits.push(await visitReplica({ tokenKeys: [NEW_KEY] }));

    expect(visits).toEqual([200, 200, 200, 200]);
    expect(count.unreadable).toBe(0);
    expect(app.emulator.requests.filter(({ kind }) => kind === 'authorize')).toEqual([]);
  });

  it('TOKEN_KEYS: what is renewed is sealed with the newest, without rekeying', async () => {
    app.clock.advance(HOUR);

    await visitReplica({ tokenKeys: [NEW_KEY, OLD_KEY] });

    expect(await visitReplica({ tokenKeys: [NEW_KEY] })).toBe(200);
  });

  it('TOKEN_KEYS: a key that was taken out by mistake costs nothing once it is back', async () => {
    const without = await visitReplica({ tokenKeys: [NEW_KEY] });

    const again = await visitReplica({ tokenKeys: [NEW_KEY, OLD_KEY] });

    expect([without, again]).toEqual([401, 200]);
  });

  it('SESSION_SECRETS: from one replica to the next, nobody is asked to sign in', async () => {
    const secrets = [[OLD_SECRET], [OLD_SECRET, NEW_SECRET], [NEW_SECRET, OLD_SECRET]];
    const visits = [];
    for (const sessionSecrets of secrets) visits.push(await visitReplica({ sessionSecrets }));

    expect(visits).toEqual([200, 200, 200]);
  });

  it('SESSION_SECRETS: whoever signed in since needs the old one no more', async () => {
    const origin = await app.replica({ sessionSecrets: [NEW_SECRET, OLD_SECRET] });
    const newcomer = app.agent();
    const form = await newcomer.visit(`${origin}/login`);
    const back = await newcomer.request(form.url.href, { form: { login: 'admin', password: 'demo' } });
    const redirect = await newcomer.request(new URL(back.location ?? '', form.url).href);
    await newcomer.visit((redirect.location ?? '').replace(app.origin, origin));
    agent = newcomer;

    expect(await visitReplica({ sessionSecrets: [NEW_SECRET] })).toBe(200);
  });

  it('rekeying: a thousand records are sealed anew while they are read and written, and counted once', async () => {
    const vault = createTokenVault({ store: app.store, cipher: createCipher([OLD_KEY]) });
    const people = Array.from({ length: 1_000 }, (_, n) => ({ ...anOwner(), userId: n + 1 }));
    await Promise.all(people.map((owner) => vault.save(owner, newTokens(), 'https://oauth.bitrix.info')));
    const both = createTokenVault({ store: app.store, cipher: createCipher([NEW_KEY, OLD_KEY]) });

    const rekeying = rekey([NEW_KEY, OLD_KEY]);
    const renewed = people.slice(0, 100).map(async (owner, n) => {
      const grant = await both.load(owner);
      return grant && both.commit(owner, grant, `attempt ${n}`, newTokens({ accessToken: `renewed ${n}` }));
    });
    const stored = await Promise.all(renewed);
    const count = await rekeying;

    const newest = createTokenVault({ store: app.store, cipher: createCipher([NEW_KEY]) });
    const grants = await Promise.all(people.map((owner) => newest.load(owner)));
    expect(stored.filter((isStored) => isStored !== true)).toEqual([]);
    expect(grants.filter((grant) => grant === undefined)).toEqual([]);
    expect(grants.slice(0, 100).map((grant) => grant?.accessToken)).toEqual(
      people.slice(0, 100).map((_, n) => `renewed ${n}`),
    );
    expect(count).toMatchObject({ records: 1_001, unreadable: 0 });
  });

  async function visitReplica(secrets: Parameters<TestApp['replica']>[0]): Promise<number> {
    const origin = await app.replica(secrets);
    const headers = { accept: 'application/json' };
    return (await agent.request(`${origin}/companies`, { headers })).status;
  }

  function rekey(keys: Uint8Array[]) {
    const vault = createTokenVault({ store: app.store, cipher: createCipher(keys) });
    return resealAll({ store: app.store, vault }, () => {});
  }
});
