import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../config/config.ts';
import { DataDirError, dataDirRemedy, whyNotWritable } from '../store/data-dir.ts';
import { openEmbeddedStore } from '../store/embedded-store.ts';
import { nameOfRedis } from '../store/redis/redis-address.ts';
import { connectRedis } from '../store/redis/redis-connection.ts';
import { createRedisStore } from '../store/redis/redis-store.ts';
import { type Store, StoreUnavailableError } from '../store/store.ts';
import { type RedisMaster, type StoreReport, warningsOf } from '../store/store-report.ts';
import { type Finding, ok, problem, warning } from './finding.ts';

/** A first connection may need more than one attempt: names, TLS, sentinels. */
const TRY_FOR_MS = 3000;
const PAUSE_MS = 200;

/** The findings, and the store for the other checks if it can be opened. */
export interface StoreVisit {
  findings: Finding[];
  store?: Store;
  /** Its clock minus ours, if it has one of its own. */
  clockDifferenceMs?: number;
}

/** Can the store be reached, does it take writes, and do its settings keep them? */
export function visitStore(config: Pick<Config, 'redis' | 'dataDir'>): Promise<StoreVisit> {
  return config.redis === undefined
    ? visitEmbedded(config.dataDir)
    : visitRedis(config.redis, config.dataDir);
}

async function visitEmbedded(dataDir: string): Promise<StoreVisit> {
  try {
    const store = openEmbeddedStore(dataDir);
    const { isWritable } = await store.describe();
    const finding = isWritable
      ? ok(`The embedded store in ${dataDir} can be read and written`)
      : problem(`The embedded store in ${dataDir} takes no writes: no user can sign in`, dataDirRemedy());
    return { findings: [finding], store };
  } catch (error) {
    if (!(error instanceof DataDirError)) throw error;
    return { findings: [problem(error.what, dataDirRemedy())] };
  }
}

/** With Redis as the store, only exports write to DATA_DIR, and nothing else would show that they cannot. */
function checkExportFolder(dataDir: string): Finding[] {
  const why = whyNotWritable(join(dataDir, 'exports'));
  if (why === undefined) return [];
  return [problem(`DATA_DIR ${dataDir} cannot be written (${why}): every export fails`, dataDirRemedy())];
}

async function visitRedis(address: NonNullable<Config['redis']>, dataDir: string): Promise<StoreVisit> {
  const name = nameOfRedis(address);
  let failure = '';
  const store = createRedisStore(
    connectRedis(address, ({ message }) => {
      failure = message;
    }),
  );
  const report = await describeOnceThere(store);
  if (report === undefined) {
    await store.close();
    return { findings: [redisAway(name, failure), ...checkExportFolder(dataDir)] };
  }
  const writable = report.isWritable
    ? ok(`Redis at ${name} can be read and written`)
    : await refusesWrites(store, name);
  const warnings = warningsOf(report).map(({ wrong, remedy }) => warning(wrong, remedy));
  return {
    findings: [
      writable,
      ...report.masters.flatMap(describeMaster),
      ...warnings,
      ...checkExportFolder(dataDir),
    ],
    store,
    clockDifferenceMs: report.clockDifferenceMs,
  };
}

async function describeOnceThere(store: Store): Promise<StoreReport | undefined> {
  for (const startedAt = Date.now(); Date.now() - startedAt < TRY_FOR_MS; ) {
    const report = await store.describe().catch(() => undefined);
    if (report !== undefined) return report;
    await sleep(PAUSE_MS);
  }
  return undefined;
}

const AWAY: [code: RegExp, what: string, remedy: string][] = [
  [
    /WRONGPASS|invalid password/,
    'does not accept our user and password',
    'Correct them in REDIS_URL: redis://user:password@host; write @ : / % in them as %40 %3A %2F %25',
  ],
  [/NOAUTH/, 'wants a password', 'Write it into REDIS_URL: redis://:password@host'],
  [
    /NOPERM/,
    'does not let our user do what we need',
    'The README has the ACL rule that is needed, under "Running it"',
  ],
  [/LOADING/, 'is still reading its file', 'Wait until it is done; the application serves then by itself'],
  [
    /All sentinels/,
    'cannot be found: no sentinel answers with a master',
    "Start the sentinels, or correct their hosts and the master's name in REDIS_URL",
  ],
  [
    /slots cache/,
    'cannot be found: no node of the cluster answers',
    'Start them, or correct hosts, user and password in REDIS_URL',
  ],
  [
    /ENOTFOUND|EAI_AGAIN/,
    'has a host name that does not resolve',
    'Correct the host in REDIS_URL, or the DNS of this machine',
  ],
  [
    /ENOENT/,
    'has no socket: there is no such file',
    'Start Redis with `unixsocket` set to this path, or correct the path in REDIS_URL; in a container the folder of the socket must be mounted',
  ],
  [
    /EACCES/,
    'does not let us open its socket',
    'Set `unixsocketperm 770` in Redis, and let the user of the application into the group of the socket',
  ],
  [
    /ENOTSOCK|ENAMETOOLONG/,
    'is no socket',
    'Write the path that `unixsocket` has in Redis into REDIS_URL; it may be 107 bytes long',
  ],
  [
    /ECONNREFUSED/,
    'refuses connections: nothing listens there',
    'Start Redis, or correct host and port in REDIS_URL',
  ],
  [
    /certificate|self.signed|CERT_|altname/i,
    'shows a certificate that this machine does not accept',
    'Set NODE_EXTRA_CA_CERTS to the certificate of its issuer, and use the host name it is for',
  ],
  [
    /SSL|TLS|wrong version/i,
    'does not speak TLS on that port',
    'Write redis:// instead of rediss://, or name the TLS port',
  ],
];

/** ioredis names the cause only in its message, which may hold our arguments: it is matched, and never printed. */
function redisAway(name: string, failure: string): Finding {
  const [, what, remedy] = AWAY.find(([code]) => code.test(failure)) ?? [];
  return problem(
    `Redis at ${name} ${what ?? 'does not answer'}`,
    `${remedy ?? 'See whether it runs, whether a firewall is in between, and whether it wants TLS (rediss://)'}. Until then people get "We are away for a moment"`,
  );
}

const REFUSALS: Record<string, [what: string, remedy: string]> = {
  OOM: ['its memory is full', 'Raise maxmemory'],
  READONLY: ['it is a replica', 'Name the master in REDIS_URL, or the sentinels (redis+sentinel://…)'],
  MISCONF: ['it cannot write to its disk', "Look at its log and at the disk's free space"],
  NOREPLICAS: ['too few replicas are connected', 'Bring its replicas back, or lower min-replicas-to-write'],
  'Command timed out': [
    'it does not take them in time',
    'If it is a replica, name the master in REDIS_URL, or the sentinels; else look at its log',
  ],
  NOPERM: ['our user may not', 'The README has the ACL rule that is needed, under "Running it"'],
};

async function refusesWrites(store: Store, name: string): Promise<Finding> {
  const failure = await store.ping().catch((error: unknown) => error);
  const why = failure instanceof StoreUnavailableError ? failure.why : '';
  const [what, remedy] = REFUSALS[why] ?? [why, 'Look at its log'];
  return problem(`Redis at ${name} takes no writes: ${what}. No user can sign in`, remedy);
}

function describeMaster({ address, version, evictionPolicy, persistence }: RedisMaster): Finding[] {
  if (evictionPolicy === null || persistence === null) {
    return [
      warning(
        `Redis ${address} does not tell our user how it keeps and evicts`,
        'Let the user INFO and CONFIG GET (+info +config|get), or see to it yourself: appendonly yes, maxmemory-policy noeviction',
      ),
    ];
  }
  return [ok(`Redis ${version} ${address}: on disk: ${persistence}; when full: ${evictionPolicy}`)];
}
