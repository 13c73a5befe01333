import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openEmbeddedStore } from './embedded-store.ts';
import { nameOfRedis, type RedisAddress } from './redis/redis-address.ts';
import { connectRedis } from './redis/redis-connection.ts';
import { createRedisStore } from './redis/redis-store.ts';
import type { Store } from './store.ts';

/** Where the settings say that the store is. */
export interface StoreAddress {
  redis: RedisAddress | undefined;
  dataDir: string;
}

/** There is no store where the settings say. The message is for the operator, and says what to do. */
export class NoStoreError extends Error {
  override name = 'NoStoreError';
}

/** A first connection may need more than one attempt: names, TLS, sentinels. */
const TRY_FOR_MS = 3_000;
const PAUSE_MS = 200;

/** Whether a store is there that a program can open without making one. */
export function storeExists({ redis, dataDir }: StoreAddress): boolean {
  return redis !== undefined || existsSync(join(dataDir, 'store.mdb'));
}

/**
 * Opens the store for a program that works on what is there. A server makes the store it does not find; a program that did so
 * at a mistyped address would report that all is well with nothing.
 *
 * @throws {NoStoreError}
 */
export async function openExistingStore(address: StoreAddress): Promise<Store> {
  if (!storeExists(address)) {
    throw new NoStoreError(
      `There is no store in DATA_DIR ${address.dataDir}: name the folder in which the application keeps store.mdb, or set REDIS_URL if its store is Redis`,
    );
  }
  if (address.redis === undefined) return openFile(address.dataDir);
  const store = createRedisStore(connectRedis(address.redis, () => {}));
  for (const startedAt = Date.now(); Date.now() - startedAt < TRY_FOR_MS; await sleep(PAUSE_MS)) {
    // Asks for the time: a dry run must not write, and a ping is a write.
    const isThere = await store.now().then(
      () => true,
      () => false,
    );
    if (isThere) return store;
  }
  await store.close();
  throw new NoStoreError(
    `Redis at ${nameOfRedis(address.redis)} cannot be used: npm run doctor says why (in a container: node dist/doctor.js)`,
  );
}

/**
 * Opens the store for a program that fills it. An embedded store is made, but only in a folder that is there.
 *
 * @throws {NoStoreError}
 */
export async function openStoreToFill(address: StoreAddress): Promise<Store> {
  if (storeExists(address)) return openExistingStore(address);
  requireFolder(address.dataDir);
  return openFile(address.dataDir);
}

function openFile(dataDir: string): Store {
  const file = join(dataDir, 'store.mdb');
  try {
    // lmdb ends the process when it opens a file that is none of its own.
    if (existsSync(file) && !isDatabase(file)) throw new NoStoreError(damaged(file));
    return openEmbeddedStore(dataDir);
  } catch (error) {
    if (error instanceof NoStoreError) throw error;
    throw new NoStoreError(
      `The store in DATA_DIR ${dataDir} cannot be opened (${(error as Error).message}): run this as the user of the application`,
    );
  }
}

function damaged(file: string): string {
  return `${file} is damaged, or no store of the application: put it aside, and restore a copy into the empty folder`;
}

/** Where the first page of a file of lmdb has its mark: behind the header of the page. */
const MAGIC_AT = 24;
const MAGIC = 0xbeefc0de;

function isDatabase(file: string): boolean {
  const handle = openSync(file, 'r');
  try {
    const bytes = Buffer.alloc(MAGIC_AT + 4);
    return (
      readSync(handle, bytes, 0, bytes.length, 0) === bytes.length && bytes.readUInt32LE(MAGIC_AT) === MAGIC
    );
  } finally {
    closeSync(handle);
  }
}

/** @throws {NoStoreError} */
export function requireFolder(dataDir: string): void {
  if (existsSync(dataDir)) return;
  throw new NoStoreError(
    `There is no folder ${dataDir}: correct DATA_DIR, or make the folder for the user of the application`,
  );
}
