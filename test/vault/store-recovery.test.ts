import { beforeEach, describe, expect, it } from '@jest/globals';
import { createLogger } from '../../src/log.ts';
import { type Store, StoreUnavailableError } from '../../src/store/store.ts';
import { KnownTokens } from '../../src/vault/known-tokens.ts';
import { createStoreRecovery, type StoreRecovery } from '../../src/vault/store-recovery.ts';
import type { StoredTokens } from '../../src/vault/stored-tokens.ts';
import { tokenKey } from '../../src/vault/token-record.ts';
import { createTokenVault, type TokenVault } from '../../src/vault/token-vault.ts';
import { HOUR } from '../support/clock.ts';
import { createMemoryStore } from '../support/memory-store.ts';
import { createMovableClock, type MovableClock } from '../support/movable-clock.ts';
import { anOwner, aPlainCipher, newTokens, tokensOf } from '../support/token-builders.ts';

const SERVER = 'https://oauth.bitrix.info';
const OWNER = anOwner();

let clock: MovableClock;
let store: Store;
let isStoreWritable: boolean;
let vault: TokenVault;
let recovery: StoreRecovery;
let storeReturns: () => void;
let lines: string[];
beforeEach(async () => {
  clock = createMovableClock();
  isStoreWritable = true;
  store = {
    ...createMemoryStore(clock.now),
    async ping() {
      if (!isStoreWritable) throw new StoreUnavailableError('OOM');
    },
  };
  vault = createTokenVault({ store, cipher: aPlainCipher() });
  lines = [];
  recovery = createStoreRecovery({
    vault,
    known: new KnownTokens(),
    clock,
    logger: createLogger({
      level: 'warn',
      isPretty: false,
      destination: { write: (line) => void lines.push(line) },
    }),
    onStoreReturn: (listener) => {
      storeReturns = listener;
    },
  });
  await vault.save(OWNER, newTokens(), SERVER);
});

/** The store shows generation 1 again, while this process knows generation 2. */
async function goBackInTime(): Promise<StoredTokens> {
  const old = (await store.get(tokenKey(OWNER))) ?? '';
  const first = (await vault.load(OWNER)) as StoredTokens;
  await vault.commit(OWNER, first, 'one', tokensOf(2));
  const second = (await vault.load(OWNER)) as StoredTokens;
  recovery.remember(OWNER, second);
  await store.set(tokenKey(OWNER), old, HOUR);
  return second;
}

const away = () => recovery.watch(Promise.reject(new StoreUnavailableError('away'))).catch(() => {});

describe('load()', () => {
  it('when the record is as new as what this process knows › gives it', async () => {
    expect(await recovery.load(OWNER)).toMatchObject({ generation: 1, accessToken: 'access 1' });
    expect(lines).toEqual([]);
  });

  it('when the record is older › writes what this process knows, says so in the log, and gives it', async () => {
    const second = await goBackInTime();

    expect(await recovery.load(OWNER)).toEqual(second);

    expect(await vault.load(OWNER)).toMatchObject({ generation: 2, refreshToken: 'refresh 2' });
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { msg: 'the store went back in time; its record was healed from memory', stored: 1, generation: 2 },
    ]);
  });

  it('when the record moves on while it is healed › gives the newer one', async () => {
    await goBackInTime();
    const { commit } = vault;
    vault.commit = async (owner, ...rest) => {
      await vault.save(OWNER, tokensOf(9), SERVER);
      return commit(owner, ...rest);
    };

    expect(await recovery.load(OWNER)).toMatchObject({ generation: 1, accessToken: 'access 9' });
  });

  it('when the record was removed › gives nothing, and does not write it back later', async () => {
    await goBackInTime();
    const old = (await store.get(tokenKey(OWNER))) ?? '';
    await vault.forget(OWNER);

    expect(await recovery.load(OWNER)).toBe(undefined);

    await store.set(tokenKey(OWNER), old, HOUR);
    expect(await recovery.load(OWNER)).toMatchObject({ generation: 1 });
  });
});

describe('the return of the store', () => {
  it('when it is told › every record that is older than what this process knows is healed', async () => {
    await goBackInTime();

    storeReturns();
    await clock.pass(0);

    expect(await vault.load(OWNER)).toMatchObject({ generation: 2 });
  });

  it('when it is told › two seconds are quiet', async () => {
    const before = recovery.isQuietTime();

    storeReturns();
    await clock.pass(1_999);
    const almostOver = recovery.isQuietTime();
    await clock.pass(1);

    expect([before, almostOver, recovery.isQuietTime()]).toEqual([false, true, false]);
  });

  it('when the healing takes longer than that › it is quiet until the healing ends', async () => {
    await goBackInTime();
    let endHealing = () => {};
    const { position } = vault;
    vault.position = async (owner) => {
      await new Promise<void>((resolve) => {
        endHealing = resolve;
      });
      return position(owner);
    };
    storeReturns();
    await clock.pass(5_000);
    const whileHealing = recovery.isQuietTime();

    endHealing();
    await clock.pass(0);

    expect([whileHealing, recovery.isQuietTime()]).toEqual([true, false]);
  });
});

describe('assertBack()', () => {
  it('when the store was not away › proves nothing, and no quiet time begins', async () => {
    isStoreWritable = false;

    await recovery.assertBack();

    expect(recovery.isQuietTime()).toBe(false);
  });

  it('when the store was away and still refuses to write › throws', async () => {
    await away();
    isStoreWritable = false;

    await expect(recovery.assertBack()).rejects.toThrow(StoreUnavailableError);
  });

  it('when the store was away and can be written to › the quiet time begins', async () => {
    await away();

    await recovery.assertBack();

    expect(recovery.isQuietTime()).toBe(true);
  });

  it('when another failure was seen › the store does not count as away', async () => {
    await recovery.watch(Promise.reject(new Error('not the store'))).catch(() => {});
    isStoreWritable = false;

    await expect(recovery.assertBack()).resolves.toBe(undefined);
  });
});
