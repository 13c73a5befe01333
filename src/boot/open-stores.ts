import type session from 'express-session';
import type { Config } from '../config/config.ts';
import type { Logger } from '../log.ts';
import { openEmbeddedStore } from '../store/embedded-store.ts';
import { nameOfRedis } from '../store/redis/redis-address.ts';
import { connectRedis } from '../store/redis/redis-connection.ts';
import { createRedisStore } from '../store/redis/redis-store.ts';
import { type IdleTime, sessionStores, touchSeldom } from '../store/sessions.ts';
import type { Store } from '../store/store.ts';
import { createStoreCheck } from '../store/store-check.ts';

/** Sessions may be idle for an hour at least. */
const TOUCH_EVERY_MS = 60_000;

/** Longer than a sign-in may take, so that whoever comes back from the portal is recognised. */
const NOBODY_MS = 15 * 60_000;

/**
 * A browser in which nobody is signed in has nothing to lose but a sign-in under way: what anonymous visitors begin is
 * gone within minutes, however many they are.
 */
export function idleTime(idleMs: number): IdleTime {
  return ({ people }) => (Array.isArray(people) && people.length > 0 ? idleMs : Math.min(NOBODY_MS, idleMs));
}

/** The store of the settings, and the sessions that live in it. */
export interface OpenStores {
  /** For people: `embedded`, `redis` … */
  kind: string;
  store: Store;
  sessionStore: session.Store;
}

/** Opens what REDIS_URL names, or the embedded store. Redis need not be there yet. */
export function openStores(
  config: Pick<Config, 'redis' | 'dataDir' | 'sessionHours'>,
  logger: Logger,
): OpenStores {
  const idleMsOf = idleTime(config.sessionHours * 3600_000);
  if (config.redis === undefined) {
    const store = openEmbeddedStore(config.dataDir);
    return {
      kind: 'embedded',
      store,
      sessionStore: touchSeldom(sessionStores.embedded(store, idleMsOf), TOUCH_EVERY_MS),
    };
  }
  // One line when it goes and one when it is back, not one per attempt.
  let isAway = false;
  const redis = connectRedis(config.redis, (err) => {
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
  return { kind: nameOfRedis(config.redis), store, sessionStore };
}
