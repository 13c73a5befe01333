import { Cluster, Redis, type RedisOptions } from 'ioredis';
import { StoreUnavailableError } from '../store.ts';
import type { RedisAddress } from './redis-address.ts';
import { makeSocketPatient, setPatientTimeout } from './redis-patience.ts';
import { describeRefusal, isRefusal } from './redis-refusal.ts';

/** A connection that is tried again for ever: to a single Redis, to the master that sentinels name, or to a Cluster. */
export type RedisClient = SteadyRedis | Cluster;

/** One command, from the call to the answer, whatever has to be tried again meanwhile. */
const COMMAND_MS = 500;

/**
 * The settings that keep answers under a second whether Redis refuses, is silent or frozen (measured, L2), while the
 * connection itself is tried again for ever.
 */
const NODE = {
  commandTimeout: COMMAND_MS,
  connectTimeout: 1000,
  // A connection that went silent without a word is given up for a new one.
  socketTimeout: 1000,
  // A frozen host never closes the connection, and each attempt to reach it would wait 2 s for that.
  disconnectTimeout: 100,
  maxRetriesPerRequest: 1,
  // While Redis reads its file, ioredis waits as long as Redis guesses, which is up to 10 s too long.
  maxLoadingRetryTime: 200,
  retryStrategy: (attempt) => Math.min(attempt * 100, 1000),
  // We do not use it, and a user with few rights may not send it.
  disableClientInfo: true,
} satisfies RedisOptions;

/**
 * A master that became a replica after a failover answers READONLY: then connect anew, and send the command again. When
 * that leads to the same place, the answer stands, for every new connection holds up those who only read.
 */
function reconnectWhenReadOnly(): (error: Error) => false | 2 {
  const AT_MOST_EVERY_MS = 1000;
  /** Commands that were under way together are sent again together; sooner than this no new connection is there. */
  const TOGETHER_MS = 50;
  let lastAt = Number.NEGATIVE_INFINITY;
  return ({ message }) => {
    // From a script, Redis 6 says `ERR Error running script (…): -READONLY …`.
    if (!message.includes('READONLY ')) return false;
    const sinceMs = performance.now() - lastAt;
    if (sinceMs >= AT_MOST_EVERY_MS) lastAt = performance.now();
    return sinceMs < TOGETHER_MS || sinceMs >= AT_MOST_EVERY_MS ? 2 : false;
  };
}

/** Opens the connection; it need not succeed for the process to start. */
export function connectRedis(address: RedisAddress, onError: (error: Error) => void): RedisClient {
  const client = address.kind === 'cluster' ? connectCluster(address) : connectOne(address);
  client.on('error', onError);
  return client;
}

/** Messages of ioredis itself, which hold no key or value. */
const OWN_WORDS =
  /^(Command timed out|Connection is closed|Reached the max retries per request limit|Cluster is away)/;

/**
 * The error that goes on in place of one of ioredis, which carries `command.args` and so our values (L7). Of a reply of
 * Redis, which may quote them, the command and the words of Redis are kept.
 */
export function asUnavailable(error: unknown): StoreUnavailableError {
  const message = error instanceof Error ? error.message : 'unknown';
  if (isRefusal(error)) {
    const { command, refusal } = describeRefusal(error);
    return new StoreUnavailableError(
      refusal.split(' ', 1)[0] ?? 'unknown',
      `Redis refused ${command}: ${refusal}`,
    );
  }
  return new StoreUnavailableError(OWN_WORDS.exec(message)?.[0] ?? message.split(' ', 1)[0] ?? 'unknown');
}

function connectOne(address: RedisAddress): SteadyRedis {
  const common = nodeOptions(address);
  if (address.kind !== 'sentinel') {
    return new SteadyRedis({ ...common, ...whereIs(address), db: address.database });
  }

  const redis = new SteadyRedis({
    ...common,
    sentinels: address.hosts,
    name: address.masterName,
    // Without it a frozen sentinel is waited for without end.
    sentinelCommandTimeout: COMMAND_MS,
    sentinelRetryStrategy: NODE.retryStrategy,
    // Told of a failover by the sentinels: a master that was cut off from them, but not from us, is left at once.
    failoverDetector: true,
    sentinelReconnectStrategy: () => 1000,
    // Those listed are those we can reach; what sentinels call each other need not be (containers, NAT).
    updateSentinels: false,
    ...(address.isTls ? { enableTLSForSentinelMode: true, sentinelTLS: TLS } : {}),
  });
  // User and password are Redis' own. Sentinels are given them only if they ask.
  redis.on('error', ({ message }: Error) => {
    if (!message.startsWith('All sentinels') || !message.includes('NOAUTH')) return;
    redis.options.sentinelUsername = address.username;
    redis.options.sentinelPassword = address.password;
  });
  return redis;
}

function whereIs({ socketPath, hosts: [host] }: RedisAddress): Pick<RedisOptions, 'path' | 'host' | 'port'> {
  return socketPath === undefined ? { ...host } : { path: socketPath };
}

function connectCluster(address: RedisAddress): Cluster {
  const cluster = new SteadyCluster(address.hosts, {
    redisOptions: nodeOptions(address),
    clusterRetryStrategy: NODE.retryStrategy,
    // Certificates are made for names, so names must not be resolved before TLS sees them.
    ...(address.isTls ? { dnsLookup: (name, done) => done(null, name) } : {}),
  });
  // The connections to its nodes are made by ioredis, of no class of ours.
  cluster.on('+node', makeSocketPatient);
  // Commands that waited for a cluster that is away have failed by now, and need not be kept. ioredis drops them for a
  // single Redis only, and keeps the method to itself.
  const { flushQueue } = cluster as unknown as { flushQueue(error: Error): void };
  cluster.on('close', () => flushQueue.call(cluster, new Error('Cluster is away')));
  return cluster;
}

function nodeOptions(address: RedisAddress) {
  return {
    ...NODE,
    reconnectOnError: reconnectWhenReadOnly(),
    ...credentialsOf(address),
    ...tlsOf(address),
  };
}

const TLS = { rejectUnauthorized: true };

function tlsOf({ isTls }: RedisAddress): Pick<RedisOptions, 'tls'> {
  return isTls ? { tls: TLS } : {};
}

function credentialsOf({ username, password }: RedisAddress): Pick<RedisOptions, 'username' | 'password'> {
  return { ...(username ? { username } : {}), ...(password ? { password } : {}) };
}

type Sent = Parameters<Redis['sendCommand']>;
type SentToCluster = Parameters<Cluster['sendCommand']>;

/** ioredis, without two of its ways to fail for good. */
class SteadyRedis extends Redis {
  #isClosed = false;
  #isReplica = false;

  constructor(options: RedisOptions) {
    super({ ...options, replyMapping: 'legacy' });
    makeSocketPatient(this);
    // When a sentinel tells of a failover while a connection is being made, ioredis 6.0.0 takes that for our disconnect()
    // and ends for good: status `end`, every later command refused.
    this.on('end', () => {
      if (!this.#isClosed) setTimeout(() => this.#connectAgain(), 100).unref();
    });
    // The only place where ioredis shows the role that Redis reported when the connection was made.
    const { connector } = this as unknown as { connector: { check(info: { role?: string }): boolean } };
    const check = connector.check.bind(connector);
    connector.check = (info) => {
      this.#isReplica = info.role === 'slave';
      return check(info);
    };
  }

  /** Whether it was one when the connection was made. */
  get isReplica(): boolean {
    return this.#isReplica;
  }

  #connectAgain(): void {
    if (!this.#isClosed && this.status === 'end') this.connect().catch(() => {});
  }

  override disconnect(reconnect = false): void {
    if (!reconnect) this.#isClosed = true;
    super.disconnect(reconnect);
  }

  /** A command that failed while it waited for a connection is not sent. */
  override sendCommand(...[command, stream]: Sent): unknown {
    if (command.isSettled) return command.promise;
    setPatientTimeout(command, COMMAND_MS);
    return super.sendCommand(command, stream);
  }
}

/** The Cluster client of ioredis waits without end for a cluster that is away; this one as long as NODE says. */
class SteadyCluster extends Cluster {
  override sendCommand(...[command, stream, node]: SentToCluster): unknown {
    if (command.isSettled) return command.promise;
    setPatientTimeout(command, COMMAND_MS);
    return super.sendCommand(command, stream, node);
  }
}
