/** Where Redis is and how to get in, as REDIS_URL says it. Holds the password: never printed, see `nameOfRedis`. */
export interface RedisAddress {
  kind: 'single' | 'socket' | 'sentinel' | 'cluster';
  isTls: boolean;
  username: string | undefined;
  password: string | undefined;
  /** One; or sentinels; or some nodes of the cluster, which tell of the others. None for a unix socket. */
  hosts: RedisHost[];
  /** Where the unix socket is, for a Redis on this machine. */
  socketPath?: string;
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

/** The password of a Redis may hold anything, the path of a socket no `@`: it is written as %40. */
const UNIX_PARTS =
  /^redis\+unix:\/\/((?<user>.*)@)?(?<path>\/[^@?#]*[^@?#/])(?:\?db=(?<database>\d{1,5}))?$/is;

/**
 * Reads `redis://`, `redis+sentinel://host:port,host:port/master-name` and `redis+cluster://host:port,host:port`; each
 * with `rediss` for TLS and `user:password@` if needed. Also `redis+unix:///path/to/redis.sock?db=1`.
 *
 * @throws {Error} in words that never hold the password
 */
export function parseRedisAddress(text: string): RedisAddress {
  if (/^\s*rediss?\+unix:/i.test(text)) return parseUnixAddress(text.trim());
  const parts = PARTS.exec(text.trim())?.groups;
  if (parts === undefined) {
    throw new Error(
      'must begin with redis://, rediss://, redis+sentinel://, redis+cluster:// or redis+unix://, and have no ? or # behind the hosts',
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

function parseUnixAddress(text: string): RedisAddress {
  const parts = UNIX_PARTS.exec(text)?.groups;
  const socketPath = decode(parts?.path ?? '', 'path');
  if (parts === undefined || /[\p{Cc}\p{Cs}]/u.test(socketPath)) {
    throw new Error(
      'must be the path of a socket and perhaps a database: redis+unix:///run/redis/redis.sock?db=1 (write @ in the path as %40)',
    );
  }
  return {
    kind: 'socket',
    isTls: false,
    ...parseUser(parts.user ?? ''),
    hosts: [],
    socketPath,
    masterName: '',
    database: Number(parts.database ?? 0),
  };
}

/** For people and log lines: everything but user and password. */
export function nameOfRedis(address: RedisAddress): string {
  const { kind, isTls, hosts, masterName, database } = address;
  if (kind === 'socket') return nameOfSocket(address);
  const scheme = `redis${isTls ? 's' : ''}${kind === 'single' ? '' : `+${kind}`}`;
  const list = hosts.map(({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}`).join(',');
  return `${scheme}://${list}${masterName || database ? `/${masterName || database}` : ''}`;
}

function nameOfSocket({ socketPath = '', database }: RedisAddress): string {
  const path = socketPath.split('/').map(encodeURIComponent).join('/');
  return `redis+unix://${path}${database ? `?db=${database}` : ''}`;
}

function parseUser(text: string): Pick<RedisAddress, 'username' | 'password'> {
  const [username = '', ...rest] = text.split(':');
  return {
    username: decode(username, 'user or password') || undefined,
    password: decode(rest.join(':'), 'user or password') || undefined,
  };
}

function decode(text: string, what: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Error(`has a % in its ${what} that stands for nothing: write % as %25`);
  }
}

function parseHosts(text: string, kind: RedisAddress['kind']): RedisAddress['hosts'] {
  const hosts = text.split(',').map((item) => parseHost(item.trim(), kind === 'sentinel' ? 26379 : 6379));
  if (kind === 'single' && hosts.length > 1) {
    throw new Error('names several hosts: write redis+sentinel:// or redis+cluster:// for that');
  }
  return hosts;
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
