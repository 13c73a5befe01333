import { resolve } from 'node:path';
import { parseRequestLimits } from '../bitrix24/limits/request-limits.ts';
import { parseAllowedPortals } from '../bitrix24/portal.ts';
import { parseNoProxy, parseOutgoingProxy } from '../http-client/outgoing-proxy.ts';
import { parseRedisAddress } from '../store/redis/redis-address.ts';
import { ConfigError, type ConfigProblem } from './config-error.ts';
import { type DevelopmentSecrets, loadDevelopmentSecrets } from './development-secrets.ts';
import { optional, required, requiredInProduction, type Setting, withDefault } from './setting.ts';
import {
  parseAuthorizationServers,
  parseClientId,
  parseClientSecret,
  parseOneOf,
  parseProxies,
  parsePublicUrl,
  parseSessionSecrets,
  parseTokenKeys,
  parseWholeNumber,
} from './setting-parsers.ts';
import { readSettingText } from './setting-text.ts';

/** Every setting, by the name of its field in `Config`. A new one is an entry here, and a line in .env.example and README. */
export const SETTINGS = {
  /** The address that the server listens on. */
  host: withDefault('HOST', { parse: String, default: '127.0.0.1', example: '127.0.0.1' }),
  /** 0 is any free port. */
  port: withDefault('PORT', { parse: parseWholeNumber(0, 65_535), default: '8050', example: '8050' }),
  /** Where browsers reach us, without a slash at the end of its path. */
  publicUrl: optional('PUBLIC_URL', { parse: parsePublicUrl, example: 'https://crm.example.com' }),
  clientId: required('BITRIX24_CLIENT_ID', {
    parse: parseClientId,
    example: "(the application's client_id, from its card in Bitrix24)",
  }),
  clientSecret: required('BITRIX24_CLIENT_SECRET', {
    parse: parseClientSecret,
    mayBeFile: true,
    example: "(the application's client_secret, from its card in Bitrix24)",
  }),
  /** Portals whose users may sign in. */
  portals: required('BITRIX24_PORTALS', {
    parse: parseAllowedPortals,
    example: 'https://acme.bitrix24.com,*.bitrix24.ru',
  }),
  /** Origins that may get the client secret; the first is the default. */
  authorizationServers: withDefault('BITRIX24_AUTHORIZATION_SERVERS', {
    parse: parseAuthorizationServers,
    default: 'https://oauth.bitrix.info,https://oauth.bitrix24.tech',
    example: 'https://oauth.bitrix.info,https://oauth.bitrix24.tech',
  }),
  /** Absent: the embedded store. */
  redis: optional('REDIS_URL', {
    parse: parseRedisAddress,
    mayBeFile: true,
    example: 'redis://127.0.0.1:6379 or redis+sentinel://10.0.0.1:26379,10.0.0.2:26379/mymaster',
  }),
  /** Folder of the embedded store, of export files and of the secrets of development; an absolute path. */
  dataDir: withDefault('DATA_DIR', {
    parse: (path) => resolve(path),
    default: './data',
    example: './data',
  }),
  /** The first signs, all verify. */
  sessionSecrets: requiredInProduction('SESSION_SECRETS', {
    parse: parseSessionSecrets,
    mayBeFile: true,
    example: '(the output of: openssl rand -hex 32)',
  }),
  /** 32 bytes each; the first seals, all open. */
  tokenKeys: requiredInProduction('TOKEN_KEYS', {
    parse: parseTokenKeys,
    mayBeFile: true,
    example: '(the output of: openssl rand -base64 32)',
  }),
  /** Addresses and networks of proxies whose `X-Forwarded-For` is believed. */
  trustedProxies: withDefault('TRUST_PROXY', {
    parse: parseProxies,
    default: '',
    example: '10.0.0.5,172.16.0.0/12',
  }),
  /** Proxies of outgoing calls, by the scheme of what is called. */
  httpsProxy: optional('HTTPS_PROXY', {
    parse: parseOutgoingProxy,
    inEitherCase: true,
    example: 'http://proxy.example.com:3128',
  }),
  httpProxy: optional('HTTP_PROXY', {
    parse: parseOutgoingProxy,
    inEitherCase: true,
    example: 'http://proxy.example.com:3128',
  }),
  /** Hosts that are called directly all the same. */
  noProxy: withDefault('NO_PROXY', {
    parse: parseNoProxy,
    inEitherCase: true,
    default: '',
    example: 'bitrix.example.com,10.0.0.0/8',
  }),
  /** How many requests each portal takes. */
  limits: withDefault('BITRIX24_LIMITS', {
    parse: parseRequestLimits,
    default: '*.bitrix24.*=50/2',
    example: '*.bitrix24.*=50/2,crm.example.com=250/5',
  }),
  /** How long an idle browser stays signed in. */
  sessionHours: withDefault('SESSION_HOURS', {
    parse: parseWholeNumber(1, 720),
    default: '168',
    example: '168',
  }),
  /** Age up to which a kept answer of a portal is shown without asking again; 0 keeps none. */
  cacheSeconds: withDefault('CACHE_SECONDS', {
    parse: parseWholeNumber(0, 600),
    default: '30',
    example: '30',
  }),
  /** Where `/metrics` is served, on `host`. Absent: nothing is served and nothing is measured. */
  metricsPort: optional('METRICS_PORT', { parse: parseWholeNumber(0, 65_535), example: '9464' }),
  logLevel: withDefault('LOG_LEVEL', {
    parse: parseOneOf(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']),
    default: 'info',
    example: 'info',
  }),
};

type Field = keyof typeof SETTINGS;
/** The settings as the environment and the defaults give them. */
type Given = { [Name in Field]: ReturnType<(typeof SETTINGS)[Name]['read']> };
/** Where the environment has none of these, `readConfig` fills them in. */
type FilledIn = 'publicUrl' | 'sessionSecrets' | 'tokenKeys';

export type Config = {
  [Name in keyof Given]: Name extends FilledIn ? NonNullable<Given[Name]> : Given[Name];
} & {
  isProduction: boolean;
  /** What the operator should be told at start that is no mistake. */
  notes: string[];
};

/**
 * Reads the environment once.
 *
 * In development, secrets that are missing are generated into DATA_DIR; in production they are an error.
 *
 * @throws {ConfigError} naming every bad key at once
 */
export function readConfig(env: NodeJS.ProcessEnv): Config {
  const mode = readMode(env);
  const { isProduction } = mode;
  const given = readSettings(env, mode, Object.keys(SETTINGS) as Field[]);
  const publicUrl = given.publicUrl ?? new URL(`http://localhost:${given.port}`);
  const { sessionSecrets, tokenKeys, notes } = completeSecrets(given);
  if (isProduction && publicUrl.protocol !== 'https:') notes.push(NOT_HTTPS);
  return Object.freeze({ ...given, isProduction, publicUrl, sessionSecrets, tokenKeys, notes });
}

/**
 * Reads only where the store is, for programs that need no more. Nothing is generated: a mistyped DATA_DIR stays a mistake.
 *
 * @throws {ConfigError}
 */
export function readStoreAddress(env: NodeJS.ProcessEnv): Pick<Config, 'redis' | 'dataDir'> {
  return readSettings(env, readMode(env), ['redis', 'dataDir']);
}

interface Mode {
  isProduction: boolean;
  problem: ConfigProblem[];
}

const NOT_HTTPS =
  'PUBLIC_URL is not https: cookies are not Secure, and anyone on the network path can read them; set it to the https address that browsers use';

/** A misspelt NODE_ENV would run production with what is good for development only. */
function readMode(env: NodeJS.ProcessEnv): Mode {
  const key = 'NODE_ENV';
  try {
    const mode = parseOneOf(MODES)(readSettingText(env, key) ?? 'development');
    return { isProduction: mode === 'production', problem: [] };
  } catch (error) {
    // The stricter of both, so that nothing of development is made on a server.
    return {
      isProduction: true,
      problem: [{ key, wrong: (error as Error).message, example: 'production' }],
    };
  }
}

const MODES = ['development', 'test', 'production'] as const;

function readSettings<Name extends Field>(
  env: NodeJS.ProcessEnv,
  { isProduction, problem: problems }: Mode,
  fields: Name[],
): Pick<Given, Name> {
  const given: Partial<Record<Field, unknown>> = {};
  for (const field of fields) {
    const setting: Setting<unknown> = SETTINGS[field];
    try {
      given[field] = setting.read(readSettingText(env, setting.key, setting), isProduction);
    } catch (error) {
      problems.push(problemOf(setting, error));
    }
  }
  // 0 is any free port, so two of them are two ports.
  if (given.metricsPort !== undefined && given.metricsPort !== 0 && given.metricsPort === given.port) {
    problems.push(problemOf(SETTINGS.metricsPort, new Error('must be another port than PORT')));
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return given as Pick<Given, Name>;
}

function problemOf({ key, example }: Setting<unknown>, error: unknown): ConfigProblem {
  return { key, wrong: (error as Error).message, example };
}

/** Takes secrets that the environment lacks from the file of development; in production they were required before. */
function completeSecrets({
  dataDir,
  sessionSecrets,
  tokenKeys,
}: Given): Pick<Config, 'sessionSecrets' | 'tokenKeys' | 'notes'> {
  if (sessionSecrets && tokenKeys) return { sessionSecrets, tokenKeys, notes: [] };
  const generated = readDevelopmentSecrets(dataDir);
  return {
    sessionSecrets: sessionSecrets ?? [generated.sessionSecret],
    tokenKeys: tokenKeys ?? [Buffer.from(generated.tokenKey, 'base64')],
    notes: generated.isNew ? [`generated development secrets in ${generated.path}`] : [],
  };
}

function readDevelopmentSecrets(dataDir: string): DevelopmentSecrets {
  try {
    return loadDevelopmentSecrets(dataDir);
  } catch (error) {
    throw new ConfigError([problemOf(SETTINGS.dataDir, error)]);
  }
}
