import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import express from 'express';
import fc from 'fast-check';
import { type Config, readConfig, SETTINGS } from '../../src/config/config.ts';
import { ConfigError } from '../../src/config/config-error.ts';
import { nameOfRedis } from '../../src/store/redis/redis-address.ts';
import { EACH, outcomeOf } from '../support/fuzz.ts';
import { anyText, mutated } from '../support/hostile-values.ts';
import { newDataDir } from '../support/start-app.ts';

/** In every value that may hold a secret; no part of anything we say by chance. */
const SECRET = 'HushHush5ilenTiuM';

const KEYS = ['NODE_ENV', ...Object.values(SETTINGS).map(({ key }) => key)];

const dataDir = newDataDir();
const GOOD = {
  BITRIX24_CLIENT_ID: 'local.0123456789abcd.01234567',
  BITRIX24_CLIENT_SECRET: `${SECRET}-of-nobody`,
  BITRIX24_PORTALS: 'acme.bitrix24.com',
  SESSION_SECRETS: 'Zq7-Kp2_Vb9.Xt4+Lm6/Wd1=Rs8~Hj3!Gf5',
  TOKEN_KEYS: Buffer.from(Array.from({ length: 32 }, (_, index) => index * 7 + 3)).toString('base64'),
  DATA_DIR: dataDir,
};

const aNumber = fc.oneof(
  fc.integer().map(String),
  fc.constantFrom('0', '1', '30', '168', '8050', '65536', ' 80 ', '1e3'),
);
const aNetwork = fc
  .tuple(
    fc.oneof(fc.ipV4(), fc.ipV6(), fc.constantFrom('::ffff:10.0.0.1', 'fe80::1%eth0', '10.1', '0x7f.1')),
    fc.constantFrom('', '/0', '/8', '/32', '/64', '/128', '/129', '/255.255.0.0'),
  )
  .map((parts) => parts.join(''));
const aTokenKey = fc
  .uint8Array({ minLength: 31, maxLength: 33 })
  .map((bytes) => Buffer.from(bytes).toString('base64'));
const aSecret = fc.constantFrom(
  SECRET,
  `${SECRET}${SECRET.slice(0, 12)}9x-${'qwertzuiop'}`,
  `change-me-${SECRET}`,
  SECRET.repeat(3),
);
const listOf = (each: fc.Arbitrary<string>) =>
  fc.array(each, { minLength: 1, maxLength: 3 }).map((all) => all.join(','));

/** What each key is expected to hold, good and nearly good. */
const VALUES: Record<string, fc.Arbitrary<string>> = {
  HOST: fc.constantFrom('127.0.0.1', '0.0.0.0', '::1', 'localhost'),
  PORT: aNumber,
  PUBLIC_URL: mutated(fc.constantFrom('https://crm.example.com', 'http://localhost:8050')),
  BITRIX24_CLIENT_ID: mutated(fc.constantFrom('local.0123456789abcd.01234567', 'app.1.2')),
  BITRIX24_CLIENT_SECRET: aSecret,
  BITRIX24_PORTALS: listOf(
    mutated(
      fc.constantFrom(
        'https://acme.bitrix24.com',
        'acme.bitrix24.ru',
        '*.bitrix24.ru',
        `https://u:${SECRET}@acme.example`,
      ),
    ),
  ),
  BITRIX24_AUTHORIZATION_SERVERS: listOf(
    mutated(
      fc.constantFrom(
        'https://oauth.bitrix.info',
        'http://localhost:8052',
        `https://u:${SECRET}@oauth.example`,
      ),
    ),
  ),
  REDIS_URL: mutated(
    fc.constantFrom(
      `redis://:${SECRET}@127.0.0.1:6379/1`,
      `rediss+cluster://app:${SECRET}@a:1,b:2`,
      `redis+sentinel://${SECRET}@h/mymaster`,
      `redis:/:${SECRET}@h`,
    ),
  ),
  SESSION_SECRETS: listOf(fc.oneof(aSecret, mutated(aSecret))),
  TOKEN_KEYS: listOf(fc.oneof(aTokenKey, aSecret)),
  TRUST_PROXY: listOf(fc.oneof(aNetwork, mutated(aNetwork))),
  BITRIX24_LIMITS: mutated(fc.constantFrom('*.bitrix24.*=50/2', 'crm.acme.com=250/5,*.x=1/0.5')),
  SESSION_HOURS: aNumber,
  CACHE_SECONDS: aNumber,
  METRICS_PORT: aNumber,
  LOG_LEVEL: fc.constantFrom('info', 'debug', 'INFO', 'loud'),
};

/** An environment holds no NUL and nothing but text. */
const anyValue = anyText.map((text) => Buffer.from(text.replaceAll('\0', '')).toString());
const aSetting = (expected: fc.Arbitrary<string>) =>
  fc.oneof(
    { weight: 12, arbitrary: expected as fc.Arbitrary<string | undefined> },
    { weight: 1, arbitrary: anyValue },
    { weight: 1, arbitrary: fc.constantFrom('', '  ', undefined) },
  );
const ENVIRONMENTS = fc.record({
  ...Object.fromEntries(Object.entries(VALUES).map(([key, expected]) => [key, aSetting(expected)])),
  NODE_ENV: fc.constantFrom(undefined, 'production', 'development', 'Production'),
  // Secrets of development are kept there, so it is a place of this test in any case.
  DATA_DIR: fc.constantFrom(dataDir, join(dataDir, 'below', 'it'), '/dev/null/nowhere'),
  UNKNOWN: anyValue,
});
/** A good environment with a few other values, so that one that is wrong does not hide the others. */
const anEnvironment = ENVIRONMENTS.chain((settings) =>
  fc.subarray(Object.entries(settings), { maxLength: 4 }),
).map((changes): NodeJS.ProcessEnv => ({ ...GOOD, ...Object.fromEntries(changes) }));

describe('the environment', () => {
  it('whatever it holds › becomes settings, or names the keys that are wrong and no secret', () => {
    fc.assert(
      fc.property(anEnvironment, (env) => {
        const outcome = outcomeOf(() => readConfig(env), [ConfigError]);

        if ('value' in outcome) return expectUsable(outcome.value);
        const { message, problems } = outcome.refusal as ConfigError;
        expect(`${message} ${JSON.stringify(problems)}`.toLowerCase()).not.toContain(SECRET.toLowerCase());
        expect(problems.length).toBeGreaterThan(0);
        for (const { key, wrong, example } of problems) {
          expect(KEYS).toContain(key);
          expect([wrong, example]).not.toContain('');
          expect(message).toContain(`${key}: ${wrong}`);
        }
      }),
      EACH,
    );
  });

  it('when one key is wrong among good ones › names that key alone', () => {
    const wrong = fc.constantFrom(
      ['PORT', 'eighty'],
      ['PUBLIC_URL', 'crm.example.com'],
      ['BITRIX24_PORTALS', '*'],
      ['REDIS_URL', `http://:${SECRET}@h`],
      ['SESSION_SECRETS', SECRET],
      ['TOKEN_KEYS', SECRET],
      ['TRUST_PROXY', 'everybody'],
      ['BITRIX24_LIMITS', '*=0/0'],
      ['SESSION_HOURS', '721'],
      ['LOG_LEVEL', 'loud'],
    );
    fc.assert(
      fc.property(fc.subarray([1]), wrong, ([production], [key = '', value = '']) => {
        const env = { ...GOOD, ...(production && { NODE_ENV: 'production' }), [key]: value };

        const outcome = outcomeOf(() => readConfig(env), [ConfigError]);

        expect(
          'refusal' in outcome && (outcome.refusal as ConfigError).problems.map((each) => each.key),
        ).toEqual([key]);
      }),
      EACH,
    );
  });
});

/** As the program uses them: whoever passed so far shall not fail at the next step in words that nobody understands. */
function expectUsable(config: Config): void {
  express().set('trust proxy', config.trustedProxies);
  expect(Object.isFrozen(config)).toBe(true);
  expect(config.port >= 0 && config.port <= 65_535).toBe(true);
  expect(config.publicUrl.href).toBe(config.publicUrl.origin + config.publicUrl.pathname);
  expect(config.portals.listed.length + config.portals.patterns.length).toBeGreaterThan(0);
  for (const server of config.authorizationServers) {
    expect(server.href).toBe(`${server.origin}/`);
    if (config.isProduction) expect(server.protocol).toBe('https:');
  }
  if (config.redis?.password?.includes(SECRET)) expect(nameOfRedis(config.redis)).not.toContain(SECRET);
  expect(config.sessionSecrets.length > 0 && config.sessionSecrets.every(({ length }) => length >= 32)).toBe(
    true,
  );
  expect(config.tokenKeys.length > 0 && config.tokenKeys.every(({ length }) => length === 32)).toBe(true);
  expect(config.sessionHours >= 1 && config.sessionHours <= 720).toBe(true);
  expect(config.cacheSeconds >= 0 && config.cacheSeconds <= 600).toBe(true);
}
