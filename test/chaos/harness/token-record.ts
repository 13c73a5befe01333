import { openEmbeddedStore } from '../../../src/store/embedded-store.ts';
import { parseRedisAddress } from '../../../src/store/redis/redis-address.ts';
import { connectRedis } from '../../../src/store/redis/redis-connection.ts';
import { createRedisStore } from '../../../src/store/redis/redis-store.ts';
import type { MortalRedis } from './redis.ts';

/** What refresh.md section 3 says of a chain, as far as tests look at it. */
export interface TokenRecord {
  chain: string;
  gen: number;
  /** The intent, and until when it is exclusive. */
  iid: string | null;
  idl: number;
  prev: string | null;
  last: string | null;
  state: 'ok' | 'suspect' | 'reauth';
  why: string | null;
}

export interface TokenRecords {
  load(key: string): Promise<TokenRecord | undefined>;
  close(): Promise<void>;
}

/** Reads what the replicas have stored, past them. */
export function redisRecords(redis: MortalRedis): TokenRecords {
  return {
    load: async (key) => parse(await redis.client().get(key)),
    close: async () => {},
  };
}

/** The same, wherever sentinels or a Cluster have it now. */
export function distributedRecords(url: string): TokenRecords {
  const store = createRedisStore(connectRedis(parseRedisAddress(url), () => {}));
  return { load: async (key) => parse(await store.get(key)), close: () => store.close() };
}

/** One more process on the file. */
export function embeddedRecords(dataDir: string): TokenRecords {
  const store = openEmbeddedStore(dataDir);
  return { load: async (key) => parse(await store.get(key)), close: () => store.close() };
}

function parse(text: string | null): TokenRecord | undefined {
  return text === null ? undefined : (JSON.parse(text) as TokenRecord);
}
