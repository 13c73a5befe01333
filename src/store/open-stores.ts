import type session from 'express-session';
import type { Logger } from '../log.ts';
import { openEmbeddedStore } from './embedded-store.ts';
import { nameOfRedis, type RedisAddress } from './redis/redis-address.ts';
import { connectRedis } from './redis/redis-connection.ts';
import { createRedisStore } from './redis/redis-store.ts';
import { type IdleTime, sessionStores, touchSeldom } from './sessions.ts';
import type { Store } from './store.ts';
import { createStoreCheck } from './store-check.ts';

/** Far less than the hour that a session may be idle at least. */
const TOUCH_EVERY_MS = 60_000;

/** A store, and the browser sessions that live in it. */
export interface OpenStores {
  /** For the log: `embedded`, or the address of Redis without its password. */
  kind: string;
  store: Store;
  sessionStore: session.Store;
}

/**
 * Opens the Redis of the address, or the embedded store in `dataDir`. Redis need not be reachable yet.
 *
 * @param options.idleMsOf  how long a session may be idle
 */
export function openStores(
  { redis, dataDir, idleMsOf }: { redis: RedisAddress | undefined; dataDir: string; idleMsOf: IdleTime },
  logger: Logger,
): OpenStores {
  if (redis !== undefined) return openRedis(redis, idleMsOf, logger);
  const store = openIn(dataDir);
  return {
    kind: 'embedded',
    store,
    sessionStore: touchSeldom(sessionStores.embedded(store, idleMsOf), TOUCH_EVERY_MS),
  };
}

/** The words of LMDB name neither the folder nor who may not enter it. */
function openIn(dataDir: string): Store {
  try {
    return openEmbeddedStore(dataDir);
  } catch (error) {
    const { message } = error as Error;
    const user = `user ${process.getuid?.() ?? ''}, group ${process.getgid?.() ?? ''}`;
    throw new Error(
      `DATA_DIR ${dataDir} cannot be used by ${user}: ${message}. Let this user write to the folder and to what is in it (a mounted one: chown 1000:0, chmod 770), or name another one`,
      { cause: error },
    );
  }
}

function openRedis(address: RedisAddress, idleMsOf: IdleTime, logger: Logger): OpenStores {
  // One line when the store goes and one when it is back, not one per attempt.
  let isAway = false;
  const redis = connectRedis(address, (err) => {
    if (!isAway) logger.error({ err }, 'the store is away; trying to reach it again');
    isAway = true;
  });
  const store = createRedisStore(redis);
  const check = createStoreCheck(store, logger);
  redis.on('ready', () => {
    if (isAway) logger.info('the store is back');
    isAway = false;
    check();
  });
  const sessionStore = touchSeldom(sessionStores.redis(redis, idleMsOf), TOUCH_EVERY_MS);
  return { kind: nameOfRedis(address), store, sessionStore };
}
