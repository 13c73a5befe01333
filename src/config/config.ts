import { isIP } from 'node:net';
import { resolve } from 'node:path';
import ipaddr from 'ipaddr.js';
import { z } from 'zod';
import { parseRequestLimits, type RequestLimits } from '../bitrix24/limits/request-limits.ts';
import { type AllowedPortals, parseAllowedPortals } from '../bitrix24/portal.ts';
import { parseRedisAddress, type RedisAddress } from '../store/redis/redis-address.ts';
import { loadDevelopmentSecrets } from './development-secrets.ts';

export interface Config {
  isProduction: boolean;
  host: string;
  port: number;
  /** Origin under which browsers reach us. */
  publicUrl: URL;
  clientId: string;
  clientSecret: string;
  portals: AllowedPortals;
  /** Origins that may get the client secret; the first is the default. */
  authorizationServers: [URL, ...URL[]];
  /** Absent: the embedded store. */
  redis: RedisAddress | undefined;
  dataDir: string;
  /** The first signs, all verify. */
  sessionSecrets: string[];
  /** 32 bytes each; the first seals, all open. */
  tokenKeys: Uint8Array[];
  trustedProxies: string[];
  limits: RequestLimits;
  sessionHours: number;
  /** Age up to which an answer of a portal is as good as new. */
  cacheSeconds: number;
  /** Where `/metrics` is served, on `host`; absent: nowhere, and nothing is measured. */
  metricsPort: number | undefined;
  logLevel: string;
  /** Things worth telling the operator at start that are no mistakes. */
  notes: string[];
}

/** One mistake in the environment. Never holds the value of a secret. */
export interface ConfigProblem {
  key: string;
  wrong: string;
  example: string;
}

/** Every mistake of the environment, reported together. */
export class ConfigError extends Error {
  readonly problems: ConfigProblem[];

  constructor(problems: ConfigProblem[]) {
    const lines = problems.map(
      ({ key, wrong, example }) => `  ${key}: ${wrong}\n    example: ${key}=${example}`,
    );
    super(
      `The settings cannot be used:\n${lines.join('\n')}\nThe README explains every setting, .env.example lists them. Without an account: npm run demo`,
    );
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

const EXAMPLES: Record<string, string> = {
  HOST: '127.0.0.1',
  PORT: '8050',
  PUBLIC_URL: 'https://crm.example.com',
  BITRIX24_CLIENT_ID: "(the application's client_id, from its card in Bitrix24)",
  BITRIX24_CLIENT_SECRET: "(the application's client_secret, from its card in Bitrix24)",
  BITRIX24_PORTALS: 'https://acme.bitrix24.com,*.bitrix24.ru',
  BITRIX24_AUTHORIZATION_SERVERS: 'https://oauth.bitrix.info,https://oauth.bitrix24.tech',
  REDIS_URL: 'redis://127.0.0.1:6379 or redis+sentinel://10.0.0.1:26379,10.0.0.2:26379/mymaster',
  DATA_DIR: './data',
  SESSION_SECRETS: '(the output of: openssl rand -hex 32)',
  TOKEN_KEYS: '(the output of: openssl rand -base64 32)',
  TRUST_PROXY: '10.0.0.5,172.16.0.0/12',
  BITRIX24_LIMITS: '*.bitrix24.*=50/2,crm.example.com=250/5',
  SESSION_HOURS: '168',
  CACHE_SECONDS: '30',
  METRICS_PORT: '9464',
  LOG_LEVEL: 'info',
};

/**
 * Reads the environment once.
 *
 * In development, secrets that are missing are generated into DATA_DIR; in production they are an error.
 *
 * @throws {ConfigError} naming every bad key at once
 */
export function readConfig(env: NodeJS.ProcessEnv): Config {
  const isProduction = env.NODE_ENV === 'production';
  // An empty variable is how compose files and CI say "not set".
  const given = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value.trim() !== ''),
  );
  const result = settings(isProduction).safeParse(given);
  if (!result.success) throw new ConfigError(result.error.issues.map(asProblem));

  const values = result.data;
  const { sessionSecrets, tokenKeys, notes } = secretsOf(values, isProduction);
  const publicUrl = values.PUBLIC_URL ?? new URL(`http://localhost:${values.PORT}`);
  if (isProduction && publicUrl.protocol !== 'https:') notes.push(NOT_HTTPS);
  return Object.freeze({
    isProduction,
    host: values.HOST,
    port: values.PORT,
    publicUrl,
    clientId: values.BITRIX24_CLIENT_ID,
    clientSecret: values.BITRIX24_CLIENT_SECRET,
    portals: values.BITRIX24_PORTALS,
    authorizationServers: values.BITRIX24_AUTHORIZATION_SERVERS,
    redis: values.REDIS_URL,
    dataDir: values.DATA_DIR,
    sessionSecrets,
    tokenKeys,
    trustedProxies: values.TRUST_PROXY,
    limits: values.BITRIX24_LIMITS,
    sessionHours: values.SESSION_HOURS,
    cacheSeconds: values.CACHE_SECONDS,
    metricsPort: values.METRICS_PORT,
    logLevel: values.LOG_LEVEL,
    notes,
  });
}

const NOT_HTTPS =
  'PUBLIC_URL is not https: cookies are not Secure, and whoever listens on the way can read them; set it to the https address that people use';

/** One entry per setting: how it is read, and what is wrong with it in words that say what to write instead. */
function settings(isProduction: boolean) {
  const each = z.object({
    HOST: z.string().default('127.0.0.1'),
    PORT: wholeNumber(0, 65_535).default(8050),
    PUBLIC_URL: read(parseOrigin).optional(),
    BITRIX24_CLIENT_ID: required().regex(
      /^[\w.-]{3,100}$/,
      'must be letters, digits, dots and dashes, as the card shows it',
    ),
    BITRIX24_CLIENT_SECRET: isProduction ? required().refine(isNotASample, SAMPLE) : required(),
    BITRIX24_PORTALS: required().transform(reading(parseAllowedPortals)),
    BITRIX24_AUTHORIZATION_SERVERS: read((text) => parseAuthorizationServers(text, isProduction)).prefault(
      'https://oauth.bitrix.info,https://oauth.bitrix24.tech',
    ),
    REDIS_URL: read(parseRedisAddress).optional(),
    DATA_DIR: z
      .string()
      .default('./data')
      .transform((path) => resolve(path)),
    SESSION_SECRETS: generatedInDevelopment((text) => parseSessionSecrets(text, isProduction), isProduction),
    TOKEN_KEYS: generatedInDevelopment((text) => parseTokenKeys(text, isProduction), isProduction),
    TRUST_PROXY: read(parseProxies).default([]),
    BITRIX24_LIMITS: read(parseRequestLimits).prefault('*.bitrix24.*=50/2'),
    SESSION_HOURS: wholeNumber(1, 720).default(168),
    CACHE_SECONDS: wholeNumber(0, 600).default(30),
    METRICS_PORT: wholeNumber(0, 65_535).optional(),
    LOG_LEVEL: z
      .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], {
        error: 'must be fatal, error, warn, info, debug, trace or silent',
      })
      .default('info'),
  });
  return each.refine(({ PORT, METRICS_PORT }) => !isSamePort(PORT, METRICS_PORT), {
    path: ['METRICS_PORT'],
    error: 'must be another port than PORT',
    // Told together with all other mistakes.
    when: () => true,
  });
}

/** @param port,other  anything where the setting itself is wrong. 0 is any port that is free. */
function isSamePort(port: unknown, other: unknown): boolean {
  return typeof port === 'number' && port !== 0 && port === other;
}

function secretsOf(
  values: { DATA_DIR: string; SESSION_SECRETS?: string[] | undefined; TOKEN_KEYS?: Uint8Array[] | undefined },
  isProduction: boolean,
): { sessionSecrets: string[]; tokenKeys: Uint8Array[]; notes: string[] } {
  const { SESSION_SECRETS: sessionSecrets, TOKEN_KEYS: tokenKeys } = values;
  if (sessionSecrets && tokenKeys) return { sessionSecrets, tokenKeys, notes: [] };
  if (isProduction) throw new Error('unreachable: production without secrets is refused before');
  try {
    const generated = loadDevelopmentSecrets(values.DATA_DIR);
    return {
      sessionSecrets: sessionSecrets ?? [generated.sessionSecret],
      tokenKeys: tokenKeys ?? [Buffer.from(generated.tokenKey, 'base64')],
      notes: generated.isNew ? [`generated development secrets in ${generated.path}`] : [],
    };
  } catch (error) {
    throw new ConfigError([asProblem({ path: ['DATA_DIR'], message: (error as Error).message })]);
  }
}

function asProblem(issue: { path: PropertyKey[]; message: string }): ConfigProblem {
  const key = String(issue.path[0]);
  return { key, wrong: issue.message, example: EXAMPLES[key] ?? '' };
}

const required = () => z.string({ error: 'is required' });

function generatedInDevelopment<T>(parse: (text: string) => T, isProduction: boolean) {
  const text = z.string({ error: 'is required when NODE_ENV=production' }).transform(reading(parse));
  return isProduction ? text : text.optional();
}

/** Turns a parser that throws an Error in plain words into a zod transform that reports them. */
function reading<T>(parse: (text: string) => T) {
  return (text: string, context: z.RefinementCtx): T => {
    try {
      return parse(text);
    } catch (error) {
      context.addIssue({ code: 'custom', message: (error as Error).message });
      return z.NEVER;
    }
  };
}

const read = <T>(parse: (text: string) => T) => z.string().transform(reading(parse));

function wholeNumber(least: number, most: number) {
  return read((text) => {
    const number = Number(text);
    if (/^\d+$/.test(text.trim()) && number >= least && number <= most) return number;
    throw new Error(`must be a whole number from ${least} to ${most}`);
  });
}

function list(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

function parseOrigin(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && /^https?:$/.test(url.protocol) && url.href === `${url.origin}/` && !url.hostname.includes('*'))
    return url;
  throw new Error('must be an address of scheme, host and perhaps a port, without a path');
}

function parseAuthorizationServers(text: string, isProduction: boolean): [URL, ...URL[]] {
  const servers = list(text).map(parseOrigin);
  if (isProduction && servers.some((server) => server.protocol !== 'https:')) {
    throw new Error('must use https when NODE_ENV=production: the client secret travels there');
  }
  const [first, ...others] = servers;
  if (first === undefined) throw new Error('must name at least one authorization server');
  return [first, ...others];
}

function parseSessionSecrets(text: string, isProduction: boolean): string[] {
  const secrets = list(text);
  if (secrets.length === 0 || secrets.some((secret) => secret.length < 32)) {
    throw new Error('must be secrets of 32 characters or more each, separated by commas');
  }
  if (isProduction && !secrets.every(isNotASample)) throw new Error(SAMPLE);
  return secrets;
}

function parseTokenKeys(text: string, isProduction: boolean): Uint8Array[] {
  const keys = list(text).map((item) => Buffer.from(item, 'base64'));
  if (keys.length === 0 || keys.some((key) => key.length !== 32)) {
    throw new Error('must be base64 of exactly 32 bytes each, separated by commas');
  }
  if (isProduction && keys.some((key) => new Set(key).size < 16 || !isNotASample(key.toString('latin1')))) {
    throw new Error(SAMPLE);
  }
  return keys;
}

function parseProxies(text: string): string[] {
  const proxies = list(text);
  // ipaddr.js also takes old ways of writing, such as 1 for 0.0.0.1, which nobody means.
  const wrong = proxies.find((proxy) => !isIP(proxy.split('/', 1)[0] ?? '') || !isAddressOrNetwork(proxy));
  if (wrong === undefined) return proxies.map(asUsual);
  throw new Error('must be IP addresses or networks (not /0, which is everybody), separated by commas');
}

/** Express refuses to start with a network of everybody, in words that do not say which setting it is. */
function isAddressOrNetwork(text: string): boolean {
  return ipaddr.isValid(text) || (ipaddr.isValidCIDR(text) && !/\/0+$/.test(text));
}

/** Express knows fewer ways to write an address than we do: not `3:d9e::10.0.0.1`, for one. */
function asUsual(proxy: string): string {
  const [address = '', ...prefix] = proxy.split('/');
  return [ipaddr.parse(address).toString(), ...prefix].join('/');
}

const SAMPLE = 'looks like a sample; use a value of your own';

/** A value copied from a guide is as good as none. */
function isNotASample(secret: string): boolean {
  return (
    new Set(secret).size >= 10 &&
    !/change.?me|example|sample|placeholder|secret|password|your.?|demo|12345678/i.test(secret)
  );
}
