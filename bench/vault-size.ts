import { performance } from 'node:perf_hooks';
import type { PortalUserId } from '../src/portal-user.ts';
import { parseRedisAddress } from '../src/store/redis/redis-address.ts';
import { connectRedis } from '../src/store/redis/redis-connection.ts';
import { createRedisStore } from '../src/store/redis/redis-store.ts';
import { createCipher } from '../src/vault/cipher.ts';
import { createTokenVault, type TokenVault } from '../src/vault/token-vault.ts';
import { type RedisServer, startRedisServer } from '../test/support/redis-server.ts';
import { withSpread } from './figures.ts';

/**
 * Measures the size of a token record in Redis, and whether loading one takes longer among a million records than
 * among a thousand. The records are real: encrypted token pairs with the length of Bitrix24 tokens.
 */
const SIZES = [1_000, 1_000_000];
const AT_ONCE = 50;
const LOOKUPS = 2_000;
const ROUNDS = 5;

/** @returns  lines of Markdown */
export async function benchVaultSize(): Promise<string[]> {
  const redis = await startRedisServer({ settings: ['--appendonly', 'no'] });
  const connection = connectRedis(parseRedisAddress(redis.url), () => {});
  const store = createRedisStore(connection);
  const vault = createTokenVault({ store, cipher: createCipher([Buffer.alloc(32, 'bench')]) });

  const empty = await usedMemory(redis);
  const rows: string[] = [];
  let filled = 0;
  for (const size of SIZES) {
    await fill(vault, filled, size);
    filled = size;
    const bytes = Math.round(((await usedMemory(redis)) - empty) / size);
    rows.push(`| ${size.toLocaleString('en')} | ${bytes} | ${withSpread(await lookups(vault, size), 3)} |`);
  }
  await store.close();
  await redis.stop();
  return [
    `Time to load and decrypt one record, one at a time, over ${ROUNDS} rounds of ${LOOKUPS} random ones; median (least–most) of the rounds:`,
    '',
    '| records | bytes each in Redis | ms to load one |',
    '|---|---|---|',
    ...rows,
  ];
}

/** The owner of record `n`: a thousand portals, with users numbered from 1. */
function owner(n: number): PortalUserId {
  const memberId = (n % 1000).toString(16).padStart(32, 'b');
  return { memberId, clientId: 'local.0123456789abcd.01234567', userId: Math.floor(n / 1000) + 1 };
}

async function fill(vault: TokenVault, from: number, to: number): Promise<void> {
  let next = from;
  const worker = async () => {
    while (next < to) {
      const n = next;
      next += 1;
      const digits = n.toString(16).padStart(70, 'a');
      const tokens = {
        accessToken: digits,
        refreshToken: digits.replaceAll('a', 'c'),
        expiresAt: new Date(Date.now() + 3600_000),
        clientEndpoint: 'https://acme.bitrix24.com/rest/',
      };
      const save = () => vault.save(owner(n), tokens, 'https://oauth.bitrix.info');
      // Repeat once: on a busy machine a command may time out, and filling is not measured.
      await save().catch(save);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

/** @returns  milliseconds per record, one value per round */
async function lookups(vault: TokenVault, size: number): Promise<number[]> {
  const rounds: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const before = performance.now();
    for (let look = 0; look < LOOKUPS; look += 1) {
      const grant = await vault.load(owner(Math.floor(Math.random() * size)));
      if (grant === undefined) throw new Error('a record is missing');
    }
    rounds.push((performance.now() - before) / LOOKUPS);
  }
  return rounds;
}

async function usedMemory({ client }: RedisServer): Promise<number> {
  return Number(/used_memory:(\d+)/.exec(await client.info('memory'))?.[1]);
}
