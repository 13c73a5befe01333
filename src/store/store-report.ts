/** State and settings of the store, for an operator. Null where Redis refuses to tell (by ACL). */
export interface StoreReport {
  kind: 'embedded' | 'single' | 'sentinel' | 'cluster';
  isWritable: boolean;
  /** The store's clock minus ours. */
  clockDifferenceMs: number;
  /** The masters of Redis: one, or as many as share the slots of a Cluster. */
  masters: RedisMaster[];
}

export interface RedisMaster {
  address: string;
  version: string | null;
  /** `maxmemory-policy` */
  evictionPolicy: string | null;
  persistence: 'append-only file' | 'snapshots' | 'none' | null;
  replicas: number | null;
  /** `min-replicas-to-write` */
  minReplicasToWrite: number | null;
  usedBytes: number | null;
  /** 0: no limit of its own. */
  maxBytes: number | null;
}

/** A setting or state of the store that can lose sign-ins, and what to do. */
export interface StoreWarning {
  wrong: string;
  remedy: string;
}

/** Reads the answers to INFO and CONFIG GET; what was refused is empty. */
export function parseRedisMaster(
  address: string,
  info: string,
  settings: Record<string, string>,
): RedisMaster {
  const told = Object.fromEntries(
    info.split('\r\n').map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, Math.max(colon, 0)), line.slice(colon + 1)];
    }),
  ) as Record<string, string | undefined>;
  return {
    address,
    version: told.redis_version ?? null,
    evictionPolicy: told.maxmemory_policy ?? null,
    persistence: persistenceOf(told.aof_enabled, settings.save),
    replicas: asNumber(told.connected_slaves),
    minReplicasToWrite: asNumber(settings['min-replicas-to-write']),
    usedBytes: asNumber(told.used_memory),
    maxBytes: asNumber(told.maxmemory),
  };
}

/** What is worth a warning, for each master. */
export function warningsOf({ masters }: StoreReport): StoreWarning[] {
  return masters.flatMap((master) =>
    [evictionWarning(master), persistenceWarning(master), replicaWarning(master), memoryWarning(master)]
      .filter((warning) => warning !== undefined)
      .map(({ wrong, remedy }) => ({
        wrong: masters.length > 1 ? `${master.address}: ${wrong}` : wrong,
        remedy,
      })),
  );
}

function evictionWarning({ evictionPolicy }: RedisMaster): StoreWarning | undefined {
  if (evictionPolicy === null || evictionPolicy === 'noeviction') return undefined;
  return {
    // The volatile policies too: all our keys have a lifetime.
    wrong: `maxmemory-policy is ${evictionPolicy}: when its memory is full, Redis throws tokens and sessions away`,
    remedy: 'CONFIG SET maxmemory-policy noeviction, and the same in redis.conf',
  };
}

function persistenceWarning({ persistence }: RedisMaster): StoreWarning | undefined {
  if (persistence === null || persistence === 'append-only file') return undefined;
  return {
    wrong:
      persistence === 'none'
        ? 'Redis keeps nothing on disk: when it restarts, all users have to sign in again'
        : 'Redis keeps snapshots only: when it crashes, users whose tokens are newer than the last snapshot sign in again',
    remedy: 'CONFIG SET appendonly yes, and the same in redis.conf',
  };
}

function replicaWarning({ replicas, minReplicasToWrite }: RedisMaster): StoreWarning | undefined {
  // With a single replica the setting would stop writes whenever that one is away.
  if (minReplicasToWrite !== 0 || replicas === null || replicas < 2) return undefined;
  return {
    wrong:
      'min-replicas-to-write is 0: a master that is cut off from its replicas takes writes that a failover throws away',
    remedy: 'CONFIG SET min-replicas-to-write 1, on the replicas too, and the same in redis.conf',
  };
}

function memoryWarning({ usedBytes, maxBytes }: RedisMaster): StoreWarning | undefined {
  if (usedBytes === null || !maxBytes || usedBytes < 0.9 * maxBytes) return undefined;
  return {
    wrong: `${Math.floor((100 * usedBytes) / maxBytes)} % of maxmemory are used: once it is full, no user can sign in`,
    remedy: 'raise maxmemory',
  };
}

function persistenceOf(aofEnabled: string | undefined, save: string | undefined): RedisMaster['persistence'] {
  if (aofEnabled === '1') return 'append-only file';
  if (aofEnabled === undefined || save === undefined) return null;
  return save === '' ? 'none' : 'snapshots';
}

function asNumber(text: string | undefined): number | null {
  return text === undefined || !/^\d+$/.test(text) ? null : Number(text);
}
