import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Finding } from '../../src/doctor/finding.ts';
import { checkRecords } from '../../src/doctor/records.ts';
import type { PortalUserId } from '../../src/portal-user.ts';
import { openEmbeddedStore } from '../../src/store/embedded-store.ts';
import { parseRedisAddress } from '../../src/store/redis/redis-address.ts';
import { connectRedis } from '../../src/store/redis/redis-connection.ts';
import { createRedisStore } from '../../src/store/redis/redis-store.ts';
import type { Store } from '../../src/store/store.ts';
import { createCipher } from '../../src/vault/cipher.ts';
import type { StoredTokens } from '../../src/vault/stored-tokens.ts';
import { parseTokenKey, tokenKey } from '../../src/vault/token-record.ts';
import { createTokenVault } from '../../src/vault/token-vault.ts';
import { HOUR } from '../support/clock.ts';
import { type RedisServer, startRedisServer } from '../support/redis-server.ts';
import { newDataDir, STORE_KINDS } from '../support/start-app.ts';
import { anOwner, newTokens } from '../support/token-builders.ts';

const [NEW, OLD, LOST] = ['new', 'old', 'lost'].map((name) => Buffer.alloc(32, name)) as [
  Buffer,
  Buffer,
  Buffer,
];
const { clientId } = anOwner();

describe.each(STORE_KINDS)('checkRecords(), on the %s store', (kind) => {
  let store: Store;
  let redis: RedisServer | undefined;
  beforeEach(async () => {
    redis = kind === 'redis' ? await startRedisServer() : undefined;
    store = redis
      ? createRedisStore(connectRedis(parseRedisAddress(redis.url), () => {}))
      : openEmbeddedStore(newDataDir());
  });
  afterEach(async () => {
    await store.close();
    await redis?.stop();
  });

  const vaultWith = (key: Uint8Array) => createTokenVault({ store, cipher: createCipher([key]) });
  const check = (lookForMs = 5000) =>
    checkRecords({ store, cipher: createCipher([NEW, OLD]), clientId, lookForMs });

  async function saved(owner: PortalUserId, key: Uint8Array = NEW): Promise<PortalUserId> {
    await vaultWith(key).save(owner, newTokens(), 'https://oauth.bitrix.info');
    return owner;
  }

  function about(findings: Finding[], words: string): Finding | undefined {
    return findings.find(({ what }) => what.includes(words));
  }

  it('when there are none › says that no user has signed in', async () => {
    expect(await check()).toMatchObject([
      { level: 'ok', what: expect.stringContaining('no user has signed in') },
    ]);
  });

  it('when all are well › counts people and portals', async () => {
    const { memberId } = await saved(anOwner());
    await saved(anOwner({ memberId, userId: 8 }));
    await saved(anOwner());

    expect(await check()).toEqual([{ level: 'ok', what: '3 token records of 2 portals' }]);
  });

  it('when a key is missing › says whose records do not open', async () => {
    const owner = await saved(anOwner(), LOST);
    const other = await saved(anOwner({ clientId: 'local.another.1' }), LOST);

    const finding = about(await check(), 'not in TOKEN_KEYS');

    expect(finding).toMatchObject({ level: 'problem', remedy: expect.stringContaining('TOKEN_KEYS') });
    expect(finding?.which?.sort()).toEqual(
      [
        `user 7 of acme.bitrix24.com, member_id ${owner.memberId}`,
        `user 7 of acme.bitrix24.com, member_id ${other.memberId}, application local.another.1`,
      ].sort(),
    );
  });

  it('when records are sealed with an older key › says to rekey', async () => {
    await saved(anOwner(), OLD);

    const findings = await check();

    expect(about(findings, 'older key')).toMatchObject({
      level: 'warning',
      what: expect.stringMatching(/^1 record /),
      remedy: expect.stringContaining('npm run rekey'),
    });
  });

  it('when grants are over › counts them by reason, and that is no problem', async () => {
    for (const why of ['invalid_grant', 'invalid_grant', 'foreign_tokens']) {
      const owner = await saved(anOwner());
      const grant = (await vaultWith(NEW).load(owner)) as StoredTokens;
      await vaultWith(NEW).settle(owner, grant, 'attempt', 'reauth', why);
    }

    expect(about(await check(), 'grants over')).toEqual({
      level: 'ok',
      what: expect.stringContaining('3 grants over (invalid_grant 2, foreign_tokens 1)'),
    });
  });

  it('when a record was set aside › says whose, and since when', async () => {
    const owner = anOwner();
    await store.set(tokenKey(owner), 'CANARY, no record', HOUR);
    const before = await store.now();
    await vaultWith(NEW).load(owner);
    const after = await store.now();

    const findings = await check();

    const finding = about(findings, 'set aside');
    expect(finding).toMatchObject({ level: 'problem', what: expect.stringMatching(/^1 record /) });
    const [, since = ''] = /since (\S+)$/.exec(finding?.which?.[0] ?? '') ?? [];
    expect(finding?.which).toEqual([`user 7 of portal with member_id ${owner.memberId}, since ${since}`]);
    // Computed from what is left of the record's life, which Redis rounds, and tells a while before it is read.
    expect(Date.parse(since)).toBeGreaterThanOrEqual(before - 1_000);
    expect(Date.parse(since)).toBeLessThanOrEqual(after + 1_000);
    expect(JSON.stringify(findings)).not.toContain('CANARY');
  });

  it('when the portal user has signed in since, or it held no tokens › is only counted', async () => {
    const owner = anOwner();
    const browsers = tokenKey(owner).replace('tokens', 'browsers');
    for (const key of [tokenKey(owner), browsers, 'b24:pending:CANARY']) {
      await store.set(key, 'no record', HOUR);
      await store.quarantine(key, 'no record');
    }
    await saved(owner);

    const findings = await check();

    expect(findings.map(({ level }) => level)).toEqual(['ok', 'ok']);
    expect(about(findings, 'set aside')?.what).toMatch(/^3 more records/);
    expect(JSON.stringify(findings)).not.toContain('CANARY');
  });

  it('when a record cannot be understood › says whose, and leaves it where it is', async () => {
    const owner = anOwner();
    await store.set(tokenKey(owner), '{"v":2}', HOUR);

    const findings = await check();

    expect(about(findings, 'cannot be understood')).toMatchObject({
      level: 'problem',
      which: [expect.stringContaining(owner.memberId)],
    });
    expect(await store.get(tokenKey(owner))).toBe('{"v":2}');
  });

  it('when there are very many › lists twenty and counts the rest', async () => {
    const people = Array.from({ length: 45 }, (_, n) => anOwner({ userId: n + 1 }));
    await Promise.all(people.map((owner) => saved(owner, LOST)));

    const finding = about(await check(), 'not in TOKEN_KEYS');

    expect(finding?.what).toMatch(/^45 records/);
    expect(finding?.which).toHaveLength(21);
    expect(finding?.which?.[20]).toBe('… and 25 more');
  });

  it('when there is no time for all › says so', async () => {
    const people = Array.from({ length: 300 }, (_, n) => anOwner({ userId: n + 1 }));
    // One after the other: so many commands at once last longer than one may where much else is going on.
    for (const owner of people) await saved(owner);

    expect(about(await check(0), 'more records than')).toMatchObject({ level: 'warning' });
  });
});

describe('parseTokenKey()', () => {
  it('reads what tokenKey() wrote', () => {
    const owner = anOwner();

    expect(parseTokenKey(tokenKey(owner))).toEqual(owner);
  });

  it.each(['b24:tokens:{a}:b', 'b24:tokens:{a}:b:x', 'b24:browsers:{a}:b:1', 'b24:tokens:a:b:1'])(
    'does not read %s',
    (key) => {
      expect(parseTokenKey(key)).toBeUndefined();
    },
  );
});
