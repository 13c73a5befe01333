import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { readConfig, SETTINGS } from '../../src/config/config.ts';
import { ConfigError, type ConfigProblem } from '../../src/config/config-error.ts';
import { newDataDir } from '../support/start-app.ts';

/** As random as secrets look, and the same in every run. */
const aSecret = (seed: string) => createHash('sha256').update(seed).digest('hex');
const aTokenKey = (seed: string) => createHash('sha256').update(seed).digest('base64');

let dataDir: string;
beforeEach(() => {
  dataDir = newDataDir();
});

/** Nothing but what is required in development. */
function anEnvironment(overrides: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  return {
    BITRIX24_CLIENT_ID: 'local.0123456789abcd.01234567',
    BITRIX24_CLIENT_SECRET: aSecret('client'),
    BITRIX24_PORTALS: 'https://acme.bitrix24.com',
    DATA_DIR: dataDir,
    ...overrides,
  };
}

function aProductionEnvironment(overrides: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  return anEnvironment({
    NODE_ENV: 'production',
    PUBLIC_URL: 'https://crm.example.com',
    SESSION_SECRETS: aSecret('session'),
    TOKEN_KEYS: aTokenKey('token'),
    ...overrides,
  });
}

function refusalOf(env: NodeJS.ProcessEnv): ConfigError {
  try {
    readConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('the settings were accepted');
}

const problemsOf = (env: NodeJS.ProcessEnv): ConfigProblem[] => refusalOf(env).problems;
const wrongKeys = (env: NodeJS.ProcessEnv): string[] => problemsOf(env).map(({ key }) => key);

describe('readConfig()', () => {
  describe('when only what is required is set', () => {
    it('takes the documented defaults for the rest', () => {
      const config = readConfig(anEnvironment());

      expect(config).toMatchObject({
        isProduction: false,
        host: '127.0.0.1',
        port: 8050,
        publicUrl: new URL('http://localhost:8050'),
        clientId: 'local.0123456789abcd.01234567',
        clientSecret: aSecret('client'),
        authorizationServers: [new URL('https://oauth.bitrix.info'), new URL('https://oauth.bitrix24.tech')],
        redis: undefined,
        dataDir,
        trustedProxies: [],
        sessionHours: 168,
        metricsPort: undefined,
        logLevel: 'info',
      });
      expect(config.portals.listed.map(({ origin }) => origin)).toEqual(['https://acme.bitrix24.com']);
    });

    it('cannot be changed afterwards', () => {
      const config = readConfig(anEnvironment());

      expect(Object.isFrozen(config)).toBe(true);
    });
  });

  describe('when everything is set', () => {
    it('takes it as it was written', () => {
      const config = readConfig({
        NODE_ENV: 'production',
        HOST: '0.0.0.0',
        PORT: '80',
        PUBLIC_URL: 'https://crm.example.com/',
        BITRIX24_CLIENT_ID: 'app.0123456789abcd.01234567',
        BITRIX24_CLIENT_SECRET: aSecret('client'),
        BITRIX24_PORTALS: 'acme.bitrix24.com, *.bitrix24.ru',
        BITRIX24_AUTHORIZATION_SERVERS: 'https://oauth.bitrix24.tech',
        REDIS_URL: 'rediss://app:pw@redis.example.com:6380/2',
        DATA_DIR: dataDir,
        SESSION_SECRETS: `${aSecret('new')}, ${aSecret('old')}`,
        TOKEN_KEYS: `${aTokenKey('new')},${aTokenKey('old')}`,
        TRUST_PROXY: '10.0.0.5, 172.16.0.0/12,::1,3:d9e::10.0.0.1/64',
        SESSION_HOURS: '24',
        METRICS_PORT: '9464',
        LOG_LEVEL: 'warn',
      });

      expect(config).toMatchObject({
        isProduction: true,
        host: '0.0.0.0',
        port: 80,
        publicUrl: new URL('https://crm.example.com'),
        authorizationServers: [new URL('https://oauth.bitrix24.tech')],
        redis: {
          kind: 'single',
          isTls: true,
          username: 'app',
          password: 'pw',
          hosts: [{ host: 'redis.example.com', port: 6380 }],
          database: 2,
        },
        sessionSecrets: [aSecret('new'), aSecret('old')],
        tokenKeys: [Buffer.from(aTokenKey('new'), 'base64'), Buffer.from(aTokenKey('old'), 'base64')],
        // As Express reads them: the last one in other words.
        trustedProxies: ['10.0.0.5', '172.16.0.0/12', '::1', '3:d9e::a00:1/64'],
        sessionHours: 24,
        metricsPort: 9464,
        logLevel: 'warn',
      });
      expect(config.portals.patterns).toEqual(['*.bitrix24.ru']);
    });
  });

  describe('when a variable is empty or blank', () => {
    it('counts it as not set', () => {
      const config = readConfig(anEnvironment({ PORT: '', HOST: '  ', REDIS_URL: '', LOG_LEVEL: '\t' }));

      expect(config).toMatchObject({ port: 8050, host: '127.0.0.1', redis: undefined, logLevel: 'info' });
    });

    it('misses it where it is required', () => {
      expect(wrongKeys(anEnvironment({ BITRIX24_CLIENT_SECRET: ' ' }))).toEqual(['BITRIX24_CLIENT_SECRET']);
    });
  });

  describe('when PUBLIC_URL is not set', () => {
    it('follows the port', () => {
      expect(readConfig(anEnvironment({ PORT: '9000' })).publicUrl.href).toBe('http://localhost:9000/');
    });
  });

  describe('when nothing is set', () => {
    it('names what is required, each once', () => {
      expect(wrongKeys({ DATA_DIR: dataDir })).toEqual([
        'BITRIX24_CLIENT_ID',
        'BITRIX24_CLIENT_SECRET',
        'BITRIX24_PORTALS',
      ]);
    });

    it('names in production also the secrets that nobody generates there', () => {
      expect(wrongKeys({ NODE_ENV: 'production', DATA_DIR: dataDir }).sort()).toEqual([
        'BITRIX24_CLIENT_ID',
        'BITRIX24_CLIENT_SECRET',
        'BITRIX24_PORTALS',
        'SESSION_SECRETS',
        'TOKEN_KEYS',
      ]);
    });
  });

  describe('when everything is wrong at once', () => {
    const everythingWrong = (): NodeJS.ProcessEnv => ({
      PORT: 'eighty',
      PUBLIC_URL: 'crm.example.com',
      BITRIX24_CLIENT_ID: 'not an id!',
      BITRIX24_PORTALS: '*.ru',
      BITRIX24_AUTHORIZATION_SERVERS: 'oauth.bitrix.info',
      REDIS_URL: 'http://redis',
      DATA_DIR: dataDir,
      SESSION_SECRETS: 'too short',
      TOKEN_KEYS: 'dG9vIHNob3J0',
      TRUST_PROXY: 'everybody',
      SESSION_HOURS: '0',
      METRICS_PORT: 'on',
      LOG_LEVEL: 'loud',
    });

    it('reports every key together', () => {
      expect(wrongKeys(everythingWrong()).sort()).toEqual([
        'BITRIX24_AUTHORIZATION_SERVERS',
        'BITRIX24_CLIENT_ID',
        'BITRIX24_CLIENT_SECRET',
        'BITRIX24_PORTALS',
        'LOG_LEVEL',
        'METRICS_PORT',
        'PORT',
        'PUBLIC_URL',
        'REDIS_URL',
        'SESSION_HOURS',
        'SESSION_SECRETS',
        'TOKEN_KEYS',
        'TRUST_PROXY',
      ]);
    });

    it('says for each what was wrong, and gives an example', () => {
      const { problems, message } = refusalOf(everythingWrong());

      const lines = problems.flatMap(({ key, wrong, example }) => [`${key}: ${wrong}`, `${key}=${example}`]);
      expect(lines.filter((line) => !message.includes(line))).toEqual([]);
      expect(problems.filter(({ wrong, example }) => wrong.length < 10 || example === '')).toEqual([]);
    });

    it('leaves no file behind', () => {
      refusalOf(everythingWrong());

      expect(existsSync(join(dataDir, 'secrets.json'))).toBe(false);
    });
  });

  describe('when METRICS_PORT is PORT', () => {
    it('is told together with all other mistakes', () => {
      const env = anEnvironment({ PORT: '9464', METRICS_PORT: '9464', SESSION_HOURS: '0' });

      expect(wrongKeys(env).sort()).toEqual(['METRICS_PORT', 'SESSION_HOURS']);
    });

    it('takes 0 for both: each is any port that is free', () => {
      const config = readConfig(anEnvironment({ PORT: '0', METRICS_PORT: '0' }));

      expect(config).toMatchObject({ port: 0, metricsPort: 0 });
    });
  });

  describe('when a secret is wrong', () => {
    it.each<[string, NodeJS.ProcessEnv]>([
      ['SESSION_SECRETS', { SESSION_SECRETS: 'CANARY' }],
      ['TOKEN_KEYS', { TOKEN_KEYS: 'CANARYCANARY' }],
      ['REDIS_URL', { REDIS_URL: 'redus://:CANARY@redis:6379' }],
      ['PUBLIC_URL', { PUBLIC_URL: 'https://me:CANARY@crm.example.com' }],
      ['BITRIX24_PORTALS', { BITRIX24_PORTALS: 'https://me:CANARY@acme.bitrix24.com' }],
      [
        'BITRIX24_AUTHORIZATION_SERVERS',
        { BITRIX24_AUTHORIZATION_SERVERS: 'https://me:CANARY@oauth.bitrix.info' },
      ],
      ['TRUST_PROXY', { TRUST_PROXY: 'http://me:CANARY@proxy' }],
      ['BITRIX24_CLIENT_ID', { BITRIX24_CLIENT_ID: 'CANARY pasted into the wrong line' }],
    ])('names %s without its value', (key, env) => {
      const refusal = refusalOf(anEnvironment(env));

      expect(refusal.problems.map((problem) => problem.key)).toEqual([key]);
      expect(inspect(refusal, { depth: 10, showHidden: true })).not.toContain('CANARY');
      expect(JSON.stringify(refusal)).not.toContain('CANARY');
    });

    it('names BITRIX24_CLIENT_SECRET in production without its value', () => {
      const refusal = refusalOf(aProductionEnvironment({ BITRIX24_CLIENT_SECRET: 'CANARY-changeme' }));

      expect(refusal.problems.map(({ key }) => key)).toEqual(['BITRIX24_CLIENT_SECRET']);
      expect(inspect(refusal, { depth: 10, showHidden: true })).not.toContain('CANARY');
    });

    it('keeps the others out of the report as well', () => {
      const secrets = [aSecret('client'), aSecret('session'), aTokenKey('token')];

      const refusal = refusalOf(aProductionEnvironment({ PORT: 'eighty' }));

      const text = inspect(refusal, { depth: 10, showHidden: true });
      expect(secrets.filter((secret) => text.includes(secret))).toEqual([]);
    });
  });

  describe('in production', () => {
    describe('when everything is as it should be', () => {
      it('is content and writes no file', () => {
        const config = readConfig(aProductionEnvironment());

        expect(config).toMatchObject({ isProduction: true, notes: [] });
        expect(existsSync(join(dataDir, 'secrets.json'))).toBe(false);
      });
    });

    describe('when the secrets are missing', () => {
      it('names both and generates nothing', () => {
        const { SESSION_SECRETS: _1, TOKEN_KEYS: _2, ...env } = aProductionEnvironment();

        expect(wrongKeys(env).sort()).toEqual(['SESSION_SECRETS', 'TOKEN_KEYS']);
        expect(existsSync(join(dataDir, 'secrets.json'))).toBe(false);
      });

      it('names them beside another mistake', () => {
        const { SESSION_SECRETS: _1, TOKEN_KEYS: _2, ...env } = aProductionEnvironment({ PORT: 'eighty' });

        expect(wrongKeys(env).sort()).toEqual(['PORT', 'SESSION_SECRETS', 'TOKEN_KEYS']);
      });
    });

    it.each<[string, NodeJS.ProcessEnv]>([
      ['SESSION_SECRETS', { SESSION_SECRETS: 'change-me-change-me-change-me-change-me' }],
      ['SESSION_SECRETS', { SESSION_SECRETS: 'a'.repeat(64) }],
      ['SESSION_SECRETS', { SESSION_SECRETS: `${aSecret('good')},my session secret, 32 chars or more` }],
      ['TOKEN_KEYS', { TOKEN_KEYS: Buffer.alloc(32).toString('base64') }],
      ['TOKEN_KEYS', { TOKEN_KEYS: Buffer.alloc(32, 'test token key').toString('base64') }],
      ['TOKEN_KEYS', { TOKEN_KEYS: `${aTokenKey('good')},${Buffer.alloc(32, 7).toString('base64')}` }],
      ['BITRIX24_CLIENT_SECRET', { BITRIX24_CLIENT_SECRET: 'your_client_secret_here' }],
      ['BITRIX24_CLIENT_SECRET', { BITRIX24_CLIENT_SECRET: 'xxxxxxxxxxxxxxxxxxxxxxxxxxx' }],
    ])('when %s looks like a sample › refuses it', (key, env) => {
      expect(wrongKeys(aProductionEnvironment(env))).toEqual([key]);
    });

    describe('when an authorization server has no https', () => {
      it('refuses it', () => {
        const servers = 'https://oauth.bitrix.info,http://127.0.0.1:8052';

        expect(wrongKeys(aProductionEnvironment({ BITRIX24_AUTHORIZATION_SERVERS: servers }))).toEqual([
          'BITRIX24_AUTHORIZATION_SERVERS',
        ]);
      });
    });
  });

  describe.each<[string, string[], string[]]>([
    ['PORT', ['0', '80', ' 8050 ', '65535'], ['65536', '-1', '80.5', '1e3', '0x50', 'http', '80 81']],
    ['METRICS_PORT', ['0', '9464', ' 9464 ', '65535'], ['65536', '-1', '94.64', '1e3', 'on', '8050']],
    ['SESSION_HOURS', ['1', '720'], ['0', '721', '-5', '1.5', 'week']],
    [
      'LOG_LEVEL',
      ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'],
      ['loud', 'verbose', '3', 'INFO!'],
    ],
    [
      'PUBLIC_URL',
      [
        'https://crm.example.com',
        'https://crm.example.com/',
        'http://localhost:8050',
        'http://[::1]:80',
        'https://intranet.example.com/companies-app',
        'https://intranet.example.com/crm/companies_2.0/',
      ],
      [
        'crm.example.com',
        'ftp://crm.example.com',
        'https://crm.example.com/bitrix',
        'https://crm.example.com/app/bitrix/',
        'https://crm.example.com/a//b',
        'https://crm.example.com/приложение',
        'https://crm.example.com/a b',
        'https://crm.example.com/a;b',
        'https://crm.example.com/?a=1',
        'https://crm.example.com/#a',
        'https://',
        '//crm.example.com',
        'https://a.example,https://b.example',
      ],
    ],
    [
      'BITRIX24_AUTHORIZATION_SERVERS',
      ['https://oauth.bitrix.info', ' https://oauth.bitrix.info , http://127.0.0.1:8052 ,'],
      [',', 'oauth.bitrix.info', 'https://oauth.bitrix.info/oauth/token/', 'https://*.bitrix.info'],
    ],
    [
      'BITRIX24_PORTALS',
      ['acme.bitrix24.com', 'http://box.local:8080', '*.bitrix24.ru'],
      [',', '*', '*.ru', 'https://', 'ftp://acme.bitrix24.com', 'acme .bitrix24.com', '*.bitrix24.ru:443'],
    ],
    [
      'BITRIX24_CLIENT_ID',
      ['local.0123456789abcd.01234567', 'app.0123456789abcd.01234567'],
      ['ab', 'has space', 'id?x=1', 'id\nx', 'a'.repeat(101)],
    ],
    [
      'REDIS_URL',
      [
        'redis://localhost',
        'rediss://:pw@h:1/0',
        'redis+unix:///run/redis/redis.sock',
        'redis+unix://app:p%40w/@/run/redis.sock?db=1',
      ],
      [
        'localhost:6379',
        'http://redis',
        'redis',
        '6379',
        'redis+unix://',
        'redis+unix://run/redis.sock',
        'redis+unix:///run/redis/',
        'redis+unix:///run/a%00b',
        'redis+unix:///run/redis.sock?db=one',
        'redis+unix:///run/redis.sock/1?database=1',
        'rediss+unix:///run/redis.sock',
      ],
    ],
    [
      'SESSION_SECRETS',
      ['x'.repeat(32), `${'x'.repeat(32)},${'y'.repeat(40)},`],
      ['x'.repeat(31), `${'x'.repeat(32)},short`, ','],
    ],
    [
      'TOKEN_KEYS',
      [aTokenKey('one'), `${aTokenKey('one')} , ${aTokenKey('two')}`],
      [Buffer.alloc(31).toString('base64'), Buffer.alloc(33).toString('base64'), aSecret('hex'), ','],
    ],
    [
      'TRUST_PROXY',
      ['10.0.0.5', '10.0.0.0/8,fd00::/8', '::1'],
      ['true', '1', 'loopback', '*', '10.0.0.0/33', 'proxy.local', '10.0.0.5:80'],
    ],
  ])('%s', (key, right, wrong) => {
    it.each(right)('when it is %j › takes it', (value) => {
      expect(() => readConfig(anEnvironment({ [key]: value }))).not.toThrow();
    });

    it.each(wrong)('when it is %j › refuses it by name', (value) => {
      expect(wrongKeys(anEnvironment({ [key]: value }))).toEqual([key]);
    });
  });
});

describe('how a setting is written', () => {
  const TEXTS = [
    'BITRIX24_CLIENT_ID',
    'BITRIX24_CLIENT_SECRET',
    'BITRIX24_PORTALS',
    'PUBLIC_URL',
    'DATA_DIR',
  ];

  it.each(TEXTS)('when %s has blanks and a line end around it › they are left out', (key) => {
    const env = aProductionEnvironment();
    const spoilt = readConfig({ ...env, [key]: ` \t${env[key]} \r\n` });

    expect(JSON.stringify(spoilt)).toBe(JSON.stringify(readConfig(env)));
  });

  it.each<[string, (value: string) => string, RegExp]>([
    ['in quotes', (value) => `"${value}"`, /in quotes/],
    ['in single quotes', (value) => `'${value}'`, /in quotes/],
    ['in typographic quotes', (value) => `“${value}”`, /in quotes/],
    ['in angle quotes', (value) => `«${value}»`, /in quotes/],
    ['behind a byte order mark', (value) => `\ufeff${value}`, /byte order mark/],
    ['two lines', (value) => `${value}\n${value}`, /line end/],
    ['with a character that nobody sees', (value) => `${value}\u200b`, /cannot be seen/],
  ])('when a text is %s › every setting says so, none with its value', (_, spoil, reason) => {
    for (const { key, example } of Object.values(SETTINGS)) {
      const value = aProductionEnvironment()[key] ?? example;
      const [problem] = problemsOf({ ...aProductionEnvironment(), [key]: spoil(value) });

      expect(problem).toMatchObject({ key, wrong: expect.stringMatching(reason) });
      expect(problem?.wrong).not.toContain(value);
    }
  });

  it.each<[string, NodeJS.ProcessEnv, string, RegExp]>([
    [
      'a port is that of a Kubernetes Service',
      { METRICS_PORT: 'tcp://10.43.7.9:9464' },
      'METRICS_PORT',
      /Kubernetes/,
    ],
    ['so is the server’s', { PORT: 'tcp://[fd00::1]:8050' }, 'PORT', /enableServiceLinks/],
    ['NODE_ENV is misspelt', { NODE_ENV: 'prod' }, 'NODE_ENV', /write production/],
    ['NODE_ENV begins with a capital', { NODE_ENV: 'Production' }, 'NODE_ENV', /write production/],
    ['NODE_ENV is a word of another program', { NODE_ENV: 'staging' }, 'NODE_ENV', /must be development/],
    ['LOG_LEVEL is in capitals', { LOG_LEVEL: 'WARN' }, 'LOG_LEVEL', /write warn/],
    [
      'a portal is a bare word',
      { BITRIX24_PORTALS: 'acme' },
      'BITRIX24_PORTALS',
      /acme\.bitrix24\.com, not acme/,
    ],
    [
      'a portal is there twice',
      { BITRIX24_PORTALS: 'https://acme.bitrix24.com, ACME.bitrix24.com/company' },
      'BITRIX24_PORTALS',
      /twice/,
    ],
    [
      'a region is there twice',
      { BITRIX24_PORTALS: '*.bitrix24.ru,*.Bitrix24.RU' },
      'BITRIX24_PORTALS',
      /twice/,
    ],
  ])('when %s › says what is likely meant', (_, env, key, reason) => {
    const problem = problemsOf(aProductionEnvironment(env)).find((each) => each.key === key);

    expect(problem?.wrong).toMatch(reason);
  });

  it('when NODE_ENV is misspelt › no secret of development is made', () => {
    expect(wrongKeys(anEnvironment({ NODE_ENV: 'prodution' }))).toContain('NODE_ENV');
    expect(existsSync(join(dataDir, 'secrets.json'))).toBe(false);
  });
});

describe('a setting that a file holds', () => {
  const FILES = ['BITRIX24_CLIENT_SECRET', 'SESSION_SECRETS', 'TOKEN_KEYS', 'REDIS_URL'];
  const path = () => join(dataDir, 'secret');
  function inFile(key: string, text: string): NodeJS.ProcessEnv {
    writeFileSync(path(), text);
    const { [key]: _, ...others } = aProductionEnvironment();
    return { ...others, [`${key}_FILE`]: path() };
  }

  it.each(FILES)('when %s_FILE names one › its text is the value, without the line end', (key) => {
    const value = aProductionEnvironment()[key] ?? 'redis://localhost:6379';

    const config = readConfig(inFile(key, `${value}\n`));

    expect(JSON.stringify(config)).toBe(JSON.stringify(readConfig(aProductionEnvironment({ [key]: value }))));
  });

  it('when the variable is set too › refuses both', () => {
    const env = { ...inFile('TOKEN_KEYS', aTokenKey('one')), TOKEN_KEYS: aTokenKey('two') };

    expect(problemsOf(env)).toMatchObject([
      { key: 'TOKEN_KEYS', wrong: expect.stringContaining('leave one') },
    ]);
  });

  it.each<[string, (env: NodeJS.ProcessEnv) => NodeJS.ProcessEnv, RegExp]>([
    ['is not there', (env) => ({ ...env, TOKEN_KEYS_FILE: join(dataDir, 'none') }), /no such file/],
    ['is a folder', (env) => ({ ...env, TOKEN_KEYS_FILE: dataDir }), /it is a folder/],
    ['is empty', () => inFile('TOKEN_KEYS', ' \n'), /is empty/],
    ['holds something else', () => inFile('TOKEN_KEYS', 'x'.repeat(100_000)), /larger than any secret/],
    ['holds quotes', () => inFile('TOKEN_KEYS', `"${aTokenKey('one')}"`), /in quotes/],
  ])('when the file %s › says so', (_, envOf, reason) => {
    const { TOKEN_KEYS: _left, ...env } = aProductionEnvironment();

    expect(problemsOf(envOf(env))).toMatchObject([
      { key: 'TOKEN_KEYS', wrong: expect.stringMatching(reason) },
    ]);
  });
});

describe('the secrets of development', () => {
  const path = () => join(dataDir, 'secrets.json');

  describe('when there are none yet', () => {
    it('are generated: 32 bytes of key, 32 characters or more of secret', () => {
      const config = readConfig(anEnvironment());

      expect(config.tokenKeys.map(({ length }) => length)).toEqual([32]);
      expect(config.sessionSecrets[0]?.length).toBeGreaterThanOrEqual(32);
    });

    it('are kept in a file that only we can read, in a folder that only we can enter', () => {
      dataDir = join(dataDir, 'not', 'there', 'yet');

      readConfig(anEnvironment());

      expect(statSync(path()).mode & 0o777).toBe(0o600);
      expect(statSync(dataDir).mode & 0o777).toBe(0o700);
    });

    it('are told of without being told', () => {
      const config = readConfig(anEnvironment());

      expect(config.notes.join()).toContain(path());
      expect(config.notes.join()).not.toContain(config.sessionSecrets[0]);
    });

    it('differ from those of another machine', () => {
      const here = readConfig(anEnvironment());
      const there = readConfig(anEnvironment({ DATA_DIR: newDataDir() }));

      expect(there.sessionSecrets).not.toEqual(here.sessionSecrets);
      expect(there.tokenKeys).not.toEqual(here.tokenKeys);
    });
  });

  describe('when they are read a second time', () => {
    it('are the same, and nothing is told', () => {
      const first = readConfig(anEnvironment());

      const second = readConfig(anEnvironment());

      expect(second).toMatchObject({
        sessionSecrets: first.sessionSecrets,
        tokenKeys: first.tokenKeys,
        notes: [],
      });
    });
  });

  describe('when the environment brings both', () => {
    it('are not generated', () => {
      readConfig(anEnvironment({ SESSION_SECRETS: aSecret('session'), TOKEN_KEYS: aTokenKey('token') }));

      expect(existsSync(path())).toBe(false);
    });
  });

  describe('when the environment brings one of them', () => {
    it('only fill the gap', () => {
      const config = readConfig(anEnvironment({ SESSION_SECRETS: aSecret('session') }));

      expect(config.sessionSecrets).toEqual([aSecret('session')]);
      expect(config.tokenKeys.map(({ length }) => length)).toEqual([32]);
    });
  });

  describe.each([
    ['empty', ''],
    ['cut off', '{"sessionSecret":"0123456789'],
    ['not an object', '"secrets"'],
    ['without a key', JSON.stringify({ sessionSecret: aSecret('s') })],
    ['with a short secret', JSON.stringify({ sessionSecret: 'short', tokenKey: aTokenKey('t') })],
    ['with a number for a key', JSON.stringify({ sessionSecret: aSecret('s'), tokenKey: 42 })],
    ['with a key of 45 bytes', JSON.stringify({ sessionSecret: aSecret('s'), tokenKey: 'x'.repeat(60) })],
  ])('when the file is %s', (_, content) => {
    it('are refused under the name of DATA_DIR, and the file is left as it is', () => {
      writeFileSync(path(), content);

      const problems = problemsOf(anEnvironment());

      expect(problems).toMatchObject([{ key: 'DATA_DIR', wrong: expect.stringContaining(path()) }]);
      expect(readFileSync(path(), 'utf8')).toBe(content);
    });
  });

  describe('when DATA_DIR is a file', () => {
    it('are refused under its name', () => {
      const file = join(dataDir, 'a-file');
      writeFileSync(file, '');

      expect(wrongKeys(anEnvironment({ DATA_DIR: file }))).toEqual(['DATA_DIR']);
    });
  });
});

describe('the documents', () => {
  const fileOf = (name: string) => readFileSync(join(import.meta.dirname, '../..', name), 'utf8');
  const settings = Object.values(SETTINGS).map(
    ({ key, default: usual }: { key: string; default?: string }) => [key, usual] as const,
  );

  it('.env.example lists every setting and nothing else', () => {
    const listed = [...fileOf('.env.example').matchAll(/^#?([A-Z][A-Z\d_]+)=/gm)].map(([, key]) => key);

    expect(listed.sort()).toEqual(settings.map(([key]) => key).sort());
  });

  it.each(settings)('when a setting is %s › both documents name it with its default %j', (key, usual) => {
    const rows = fileOf('README.md').match(/^\| `[A-Z].*$/gm) ?? [];
    const row = rows.find((each) => each.split('|')[1]?.includes(`\`${key}\``)) ?? '';

    expect(row).not.toBe('');
    for (const part of usual?.split(',').filter(Boolean) ?? []) expect(row).toContain(part);
    if (usual) expect(fileOf('.env.example')).toContain(`\n#${key}=${usual}\n`);
  });
});
