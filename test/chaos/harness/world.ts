import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import {
  type ClientOptions,
  type EmulatedPortal,
  type Emulator,
  type Fault,
  type GeneratedCompanies,
  type OrderedFault,
  type RecordedRequest,
  SECRET_MARK,
  startEmulator,
} from '../../../emulator/index.ts';
import { aPortal, aUser } from '../../support/builders.ts';
import { type RedisCluster, startRedisCluster } from '../../support/redis-cluster.ts';
import { type RedisSentinels, startRedisSentinels } from '../../support/redis-sentinel.ts';
import { freePort } from '../../support/redis-server.ts';
import { startTcpProxy } from '../../support/tcp-proxy.ts';
import { type Front, startFront } from './front.ts';
import { type MortalRedis, startMortalRedis } from './redis.ts';
import { createReplica, type Replica, replicaArgs } from './replica.ts';
import type { Size } from './size.ts';
import { atOnce, pause, range } from './time.ts';
import {
  distributedRecords,
  embeddedRecords,
  redisRecords,
  type TokenRecord,
  type TokenRecords,
} from './token-record.ts';
import { type Answer, aVisitor, callUntilSettled, type Visitor } from './visit.ts';

export interface WorldOptions {
  size: Size;
  /** Where everything is written that its processes leave behind. */
  folder: string;
  store: 'redis' | 'embedded';
  /** Default: four, or three in small. */
  replicas?: number;
  /** A used refresh token shown again ends the chain; default true. */
  familyKill?: boolean;
  /** What stands behind REDIS_URL; default: a single one, `World.redis`. */
  redisKind?: 'sentinels' | 'cluster';
  /** The user that the replicas are at a single Redis, as an ACL line in which the password is PASSWORD. */
  redisUser?: string;
  /** What Redis keeps when it dies; default: all it has acknowledged. */
  redisKeeps?: 'journal' | 'dumps';
  /** Every replica reaches Redis over a wire of its own. */
  redisWires?: boolean;
  /**
   * So many replicas reach the authorization server over a wire of their own. Nobody can sign in at these: the server
   * goes by another name there.
   */
  serverWires?: number;
  /** In place of L = 10 s. */
  exclusiveMs?: number;
  /** Made ones, in place of a handful. */
  companies?: GeneratedCompanies;
}

/** Replicas of the real server on one store, in front of an emulated Bitrix24. */
export interface World {
  emulator: Emulator;
  portal: EmulatedPortal;
  client: ClientOptions;
  replicas: Replica[];
  origins: string[];
  /** The address that browsers know. */
  publicUrl: string;
  /** Only these stand behind the public address from now on. */
  behindFront(replicas: Replica[]): void;
  /** Where everything is written that its processes leave behind. */
  folder: string;
  /** Throws in a world without. */
  redis: MortalRedis;
  /** Throws in a world without. */
  sentinels: RedisSentinels;
  /** Throws in a world without. */
  cluster: RedisCluster;
  /** People nobody has used yet, signed in. */
  signIn(count: number, options?: { accessTokenLifetimeSeconds?: number }): Promise<Visitor[]>;
  /** The sign-in of somebody, once more, with the browser they have. */
  signInAgain(visitor: Visitor): Promise<void>;
  order(fault: Omit<Fault, 'on'>): OrderedFault;
  record(visitor: Visitor): Promise<TokenRecord | undefined>;
  records(visitors: Visitor[]): Promise<(TokenRecord | undefined)[]>;
  /** Refreshes that the authorization server was asked for; of these people, or all. */
  refreshes(visitors?: Visitor[]): RecordedRequest[];
  /** Expires every access token, so that only chains that are alive still work, and tells how each visit ends. */
  finalAnswers(visitors: Visitor[]): Promise<Answer[]>;
  /** What `finalAnswers` come to: `lost` have to sign in again, `stuck` got neither that nor an answer in 45 s. */
  countLost(visitors: Visitor[]): Promise<{ lost: number; stuck: number }>;
  stop(): Promise<void>;
}

const PEOPLE = 700;
const HOUR_SECONDS = 3600;

export async function startWorld(options: WorldOptions): Promise<World> {
  mkdirSync(options.folder, { recursive: true });
  const users = range(PEOPLE).map((index) =>
    aUser({ id: index + 1, login: `user${index + 1}`, crm: 'all', offered: false }),
  );
  const emulator = await startEmulator({
    portals: [aPortal({ users, ...(options.companies && { companies: options.companies }) })],
    familyKill: options.familyKill ?? true,
  });
  const portal = emulator.portals[0] as EmulatedPortal;
  const redis =
    options.store === 'redis' && options.redisKind === undefined
      ? await startMortalRedis(options.folder, options.redisKeeps ?? 'journal', options.redisUser)
      : undefined;
  const sentinels = options.redisKind === 'sentinels' ? await startRedisSentinels() : undefined;
  const cluster = options.redisKind === 'cluster' ? await startRedisCluster() : undefined;
  const redisUrl = (sentinels ?? cluster)?.url;
  const dataDir = mkdtempSync(join(options.folder, 'data-'));

  let standing: Replica[] = [];
  const front = await startFront(() => standing.map(({ port }) => port));
  const client: ClientOptions = {
    clientId: `local.${randomBytes(7).toString('hex')}.00000000`,
    clientSecret: `client${SECRET_MARK}${randomBytes(12).toString('hex')}`,
    redirectUri: `${front.origin}/bitrix`,
    scope: ['crm', 'user'],
  };
  emulator.registerClient(client);
  const replicas = await createReplicas(options, { emulator, client, front, redis, redisUrl, dataDir });
  standing = replicas.filter(({ serverWire }) => serverWire === undefined);
  const origins = replicas.map(({ origin }) => origin);
  const records: TokenRecords = redis
    ? redisRecords(redis)
    : redisUrl
      ? distributedRecords(redisUrl)
      : embeddedRecords(dataDir);
  let lastUserId = 0;

  function require<T>(part: T | undefined): T {
    if (part === undefined) throw new Error('this world has no such Redis');
    return part;
  }

  /** A busy machine makes a Redis command last longer than the server waits for it; then people try again. */
  async function signInAgain(visitor: Visitor): Promise<void> {
    let status = 0;
    for (const _ of range(5)) {
      status = await trySignIn(visitor);
      if (status === 200) return;
      await pause(500);
    }
    throw new Error(`the sign-in of ${visitor.login} ended with ${status}`);
  }

  async function trySignIn({ agent, login }: Visitor): Promise<number> {
    // Ends where no token is used: one that lives for a second would be refreshed already.
    const form = await agent.visit(`${front.origin}/login?returnTo=/healthz`);
    // Who is still signed in at the portal is not asked there.
    const page =
      form.url.origin === portal.origin ? await agent.post(form.url.href, { login, password: 'demo' }) : form;
    return page.status;
  }

  const world: World = {
    emulator,
    portal,
    client,
    replicas,
    origins,
    publicUrl: front.origin,
    folder: options.folder,
    behindFront(chosen) {
      standing = chosen;
    },
    get redis() {
      return require(redis);
    },
    get sentinels() {
      return require(sentinels);
    },
    get cluster() {
      return require(cluster);
    },
    async signIn(count, { accessTokenLifetimeSeconds = HOUR_SECONDS } = {}) {
      emulator.set({ accessTokenLifetimeSeconds });
      const visitors = range(count).map((index) => aVisitor(lastUserId + index + 1));
      lastUserId += count;
      await atOnce(8, visitors, signInAgain);
      emulator.set({ accessTokenLifetimeSeconds: HOUR_SECONDS });
      return visitors;
    },
    signInAgain,
    order: (fault) => emulator.orderFault({ on: 'token', grantType: 'refresh_token', ...fault }),
    record: (visitor) => records.load(`b24:tokens:{${portal.memberId}}:${client.clientId}:${visitor.userId}`),
    records: (visitors) => atOnce(20, visitors, world.record),
    refreshes(visitors) {
      const ids = visitors && new Set(visitors.map(({ userId }) => userId));
      return emulator.requests.filter(
        ({ grantType, userId }) =>
          grantType === 'refresh_token' && (ids === undefined || ids.has(userId ?? 0)),
      );
    },
    async finalAnswers(visitors) {
      emulator.clearFaults();
      emulator.set({ accessTokenLifetimeSeconds: HOUR_SECONDS });
      portal.expireAccessTokens();
      return atOnce(10, visitors, async (visitor) => (await callUntilSettled(visitor, origins)).last);
    },
    async countLost(visitors) {
      const answers = await world.finalAnswers(visitors);
      const lost = answers.filter(({ status }) => status === 401).length;
      return { lost, stuck: answers.filter(({ status }) => status !== 200).length - lost };
    },
    async stop() {
      await Promise.all(replicas.map((replica) => replica.end('SIGKILL')));
      await Promise.all(
        replicas.flatMap(({ redisWire, serverWire }) => [redisWire?.stop(), serverWire?.stop()]),
      );
      await records.close();
      await front.stop();
      await redis?.kill();
      await (sentinels ?? cluster)?.stop();
      await emulator.stop();
    },
  };
  try {
    await atOnce(2, replicas, (replica) => replica.start());
  } catch (error) {
    await world.stop();
    throw error;
  }
  return world;
}

interface Surroundings {
  emulator: Emulator;
  client: ClientOptions;
  front: Front;
  redis: MortalRedis | undefined;
  redisUrl: string | undefined;
  dataDir: string;
}

async function createReplicas(options: WorldOptions, around: Surroundings): Promise<Replica[]> {
  const { emulator, client, front, redis, dataDir } = around;
  const authorizationServer = new URL(emulator.authorizationServer);
  // The same for all, or a session of one would be none at the others.
  const shared = {
    PUBLIC_URL: front.origin,
    DATA_DIR: dataDir,
    BITRIX24_CLIENT_ID: client.clientId,
    BITRIX24_CLIENT_SECRET: client.clientSecret,
    // Every visit shall use its token.
    CACHE_SECONDS: '0',
    BITRIX24_PORTALS: emulator.portals[0]?.origin ?? '',
    SESSION_SECRETS: randomBytes(32).toString('hex'),
    TOKEN_KEYS: randomBytes(32).toString('base64'),
  };
  const args = replicaArgs(options.size === 'full' ? 'dist' : 'src', options.exclusiveMs);
  const replicas: Replica[] = [];
  for (const index of range(options.replicas ?? (options.size === 'full' ? 4 : 3))) {
    const port = await freePort();
    const redisWire = options.redisWires && redis ? await startTcpProxy(redis.port) : undefined;
    const serverWire =
      index < (options.serverWires ?? 0)
        ? await startTcpProxy(Number(authorizationServer.port), authorizationServer.hostname)
        : undefined;
    const env = {
      ...shared,
      PORT: String(port),
      REDIS_URL: redis?.urlAt(redisWire?.port ?? redis.port) ?? around.redisUrl ?? '',
      BITRIX24_AUTHORIZATION_SERVERS: serverWire
        ? `http://localhost:${serverWire.port}`
        : authorizationServer.origin,
    };
    const logFile = join(options.folder, `replica-${index + 1}.log`);
    replicas.push(createReplica({ args, logFile }, { port, redisWire, serverWire, env }));
  }
  return replicas;
}
