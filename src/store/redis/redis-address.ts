/** Where Redis is and how to get in, as REDIS_URL says it. Holds the password: never printed, see `nameOfRedis`. */
export interface RedisAddress {
  kind: 'single' | 'sentinel' | 'cluster';
  isTls: boolean;
  username: string | undefined;
  password: string | undefined;
  /** One; or sentinels; or some nodes of the cluster, which tell of the others. */
  hosts: [RedisHost, ...RedisHost[]];
  /** The name under which the sentinels know the master; empty otherwise. */
  masterName: string;
  /** Numbered databases exist on a single Redis only; 0 otherwise. */
  database: number;
}

export interface RedisHost {
  host: string;
  port: number;
}

const KINDS = { '': 'single', '+sentinel': 'sentinel', '+cluster': 'cluster' } as const;

/** Up to the last `@` is the user's part, so that a password with an `@` in it does not end up in a host name. */
const PARTS =
  /^(?<scheme>rediss?)(?<kind>\+sentinel|\+cluster|):\/\/((?<user>.*)@)?(?<hosts>[^@/?#]*)(?<path>\/[^@?#]*)?$/is;

/**
 * Reads `redis://`, `redis+sentinel://host:port,host:port/master-name` and `redis+cluster://host:port,host:port`; each
 * with `rediss` for TLS and `user:password@` if needed.
 *
 * @throws {Error} in words that never hold the password
 */
export function parseRedisAddress(text: string): RedisAddress {
  const parts = PARTS.exec(text.trim())?.groups;
  if (parts === undefined) {
    throw new Error(
      'must begin with redis://, rediss://, redis+sentinel:// or redis+cluster://, and have no ? or # behind the hosts',
    );
  }
  const kind = KINDS[parts.kind?.toLowerCase() as keyof typeof KINDS];
  const path = (parts.path ?? '').replace(/^\/|\/$/g, '');
  return {
    kind,
    isTls: parts.scheme?.toLowerCase() === 'rediss',
    ...parseUser(parts.user ?? ''),
    hosts: parseHosts(parts.hosts ?? '', kind),
    masterName: kind === 'sentinel' ? parseMasterName(path) : '',
    database: kind === 'sentinel' ? 0 : parseDatabase(path, kind),
  };
}

/** For people and log lines: everything but user and password. */
export function nameOfRedis({ kind, isTls, hosts, masterName, database }: RedisAddress): string {
  const scheme = `redis${isTls ? 's' : ''}${kind === 'single' ? '' : `+${kind}`}`;
  const list = hosts.map(({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}`).join(',');
  return `${scheme}://${list}${masterName || database ? `/${masterName || database}` : ''}`;
}

function parseUser(text: string): Pick<RedisAddress, 'username' | 'password'> {
  const [username = '', ...rest] = text.split(':');
  try {
    return {
      username: decodeURIComponent(username) || undefined,
      password: decodeURIComponent(rest.join(':')) || undefined,
    };
  } catch {
    throw new Error('has a % in its user or password that stands for nothing: write % as %25');
  }
}

function parseHosts(text: string, kind: RedisAddress['kind']): RedisAddress['hosts'] {
  const hosts = text.split(',').map((item) => parseHost(item.trim(), kind === 'sentinel' ? 26379 : 6379));
  const [first, ...others] = hosts;
  if (first === undefined) throw new Error('must name a host');
  if (kind === 'single' && others.length > 0) {
    throw new Error('names several hosts: write redis+sentinel:// or redis+cluster:// for that');
  }
  return [first, ...others];
}

function parseHost(text: string, defaultPort: number): RedisHost {
  const found = /^(?:\[([\da-f:.]+)\]|([^\s:[\]]+))(?::(\d{1,5}))?$/i.exec(text);
  const host = found?.[1] ?? found?.[2];
  const port = Number(found?.[3] ?? defaultPort);
  if (host !== undefined && port > 0 && port < 65_536) return { host, port };
  throw new Error('must name every host as host or host:port, several separated by commas');
}

function parseMasterName(path: string): string {
  if (/^[\w.-]+$/.test(path)) return path;
  throw new Error("must end with the name of the sentinels' master: redis+sentinel://host:26379/mymaster");
}

function parseDatabase(path: string, kind: RedisAddress['kind']): number {
  const isNumber = /^\d{0,5}$/.test(path);
  if (isNumber && (kind === 'single' || Number(path) === 0)) return Number(path);
  throw new Error(
    kind === 'cluster'
      ? 'must end with the hosts: a Redis Cluster has no other database than 0'
      : 'may end with the number of a database and nothing else: redis://host:6379/2',
  );
}
