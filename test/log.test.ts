import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { AxiosError } from 'axios';
import { ReplyError } from 'ioredis';
import { readConfig } from '../src/config/config.ts';
import { AppError } from '../src/errors.ts';
import { createLogger, describeError, type Logger } from '../src/log.ts';

function aLog(level = 'debug'): { logger: Logger; lines: Record<string, unknown>[]; text: () => string } {
  const written: string[] = [];
  const lines: Record<string, unknown>[] = [];
  const logger = createLogger({
    level,
    isPretty: false,
    destination: {
      write(line: string) {
        written.push(line);
        lines.push(JSON.parse(line));
      },
    },
  });
  return { logger, lines, text: () => written.join('') };
}

/** As ioredis throws it: with the arguments of the command on it, our values among them (measured, L7). */
function aReplyError(): Error {
  const error = new ReplyError('WRONGTYPE Operation against CANARY-key', '');
  return Object.assign(error, { command: { name: 'set', args: ['CANARY-key', 'CANARY-value'] } });
}

function anAxiosError(): Error {
  const config = {
    url: 'https://as/?CANARY',
    data: 'client_secret=CANARY',
    headers: { authorization: 'CANARY' },
  };
  return new AxiosError('Request failed with status code 502', 'ERR_BAD_RESPONSE', config as never, {}, {
    status: 502,
    data: 'CANARY',
  } as never);
}

describe('createLogger()', () => {
  it('when something happens › writes one line of JSON with level, time, fields and message', () => {
    const { logger, lines } = aLog();

    logger.info({ memberId: 'm', userId: 7 }, 'signed in');

    expect(lines).toEqual([
      {
        level: 'info',
        time: expect.stringMatching(/^\d{4}-.*Z$/),
        memberId: 'm',
        userId: 7,
        msg: 'signed in',
      },
    ]);
  });

  it('when the level is higher › writes nothing', () => {
    const { logger, lines } = aLog('warn');

    logger.info('not now');

    expect(lines).toEqual([]);
  });

  it('when a value holds line ends and escapes › it stays on one line', () => {
    const { logger, text } = aLog();

    logger.warn({ host: 'a\n{"level":"fatal"}\r\n\u001b[31m\u0085' }, 'odd\nmessage');

    expect(text().trimEnd().split(/\r|\n/)).toHaveLength(1);
    expect(text()).not.toContain('\u001b');
  });

  const SECRETS = [
    'token',
    'accessToken',
    'access_token',
    'refreshToken',
    'refresh_token',
    'applicationToken',
    'application_token',
    'clientSecret',
    'client_secret',
    'sessionSecret',
    'sessionSecrets',
    'tokenKey',
    'tokenKeys',
    'password',
    'cookie',
    'set-cookie',
    'Authorization',
    'authorization',
    'auth',
    'AUTH_ID',
    'REFRESH_ID',
    'BITRIX24_CLIENT_SECRET',
    'SESSION_SECRETS',
    'TOKEN_KEYS',
    'REDIS_URL',
  ];

  it.each(['code', 'state', ...SECRETS])('when a field is named %s › its value is not written', (name) => {
    const { logger, text } = aLog();

    logger.info({ [name]: 'CANARY' }, 'careless');

    expect(text()).not.toContain('CANARY');
  });

  // `code` and `state` mean other things in there: an error's code, a grant's state.
  it.each(SECRETS)('when a field named %s is inside another › its value is not written', (name) => {
    const { logger, text } = aLog();

    logger.info({ grant: { [name]: 'CANARY' } }, 'careless');

    expect(text()).not.toContain('CANARY');
  });

  it.each(['author', 'secretary', 'tokenCall', 'authorizationServers', 'isStored', 'statement'])(
    'when a field is named %s, which only begins like a secret › its value is written',
    (name) => {
      const { logger, lines } = aLog();

      logger.info({ [name]: 'fine' }, 'careful');

      expect(lines).toMatchObject([{ [name]: 'fine' }]);
    },
  );

  class Wrapped {
    readonly cookie = 'CANARY';
  }

  it.each<[string, Record<string, unknown>]>([
    ['inside of several others', { a: { b: { c: [{ refreshToken: 'CANARY' }] } } }],
    ['an object', { cookie: { value: 'CANARY' } }],
    ['of a class', { session: new Wrapped() }],
    ['of something without a prototype', { query: Object.assign(Object.create(null), { token: 'CANARY' }) }],
    ['of an error under another name', { cause: Object.assign(new Error('odd'), { accessToken: 'CANARY' }) }],
  ])('when a secret is %s › it is not written', (_what, fields) => {
    const { logger, lines, text } = aLog();

    logger.info({ ...fields, fine: 1 }, 'careless');
    logger.child(fields).child({ more: 2 }).info('careless');

    expect(text()).not.toContain('CANARY');
    expect(text()).toContain('…');
    expect(lines).toMatchObject([
      { fine: 1, msg: 'careless' },
      { more: 2, msg: 'careless' },
    ]);
  });

  describe('when the whole configuration is logged', () => {
    const tokenKey = createHash('sha256').update('CANARY').digest();
    const environment = {
      BITRIX24_CLIENT_ID: 'local.0123456789abcd.01234567',
      BITRIX24_CLIENT_SECRET: 'CANARY-client-secret',
      BITRIX24_PORTALS: 'https://acme.bitrix24.com,*.bitrix24.ru',
      BITRIX24_AUTHORIZATION_SERVERS: 'https://oauth.bitrix.info',
      REDIS_URL: 'rediss://app:CANARY-redis@redis.example.com:6380/2',
      SESSION_SECRETS: `CANARY-session-${'1'.repeat(32)},CANARY-session-${'2'.repeat(32)}`,
      TOKEN_KEYS: `${tokenKey.toString('base64')},${tokenKey.toString('base64')}`,
      METRICS_PORT: '9464',
    };
    const config = readConfig(environment);
    const asBytes = { ...config, tokenKeys: config.tokenKeys.map((key) => Uint8Array.from(key)) };

    it.each<[string, Record<string, unknown>]>([
      ['as a field', { config }],
      ['as the line itself', config],
      ['deeper', { dependencies: { services: [{ config }] } }],
      ['with keys that are no Buffers', { config: asBytes }],
      ['with the environment it was read from', { env: environment, config }],
    ])('%s › none of its secrets is written', (_how, fields) => {
      const { logger, text } = aLog();

      logger.info(fields, 'careless');
      logger.child(fields).info('careless');

      expect(text()).toContain('"sessionHours":168');
      const spellings = [
        'CANARY',
        tokenKey.toString('base64'),
        tokenKey.toString('hex'),
        tokenKey.subarray(0, 4).join(','),
        `"0":${tokenKey[0]},"1":${tokenKey[1]}`,
      ];
      expect(spellings.filter((spelling) => text().includes(spelling))).toEqual([]);
    });
  });

  it('when a text looks like the name of a secret › it is written as it is', () => {
    const { logger, lines } = aLog();

    logger.info({ host: '"token":"x"' }, 'the word "cookie": is fine');

    expect(lines).toMatchObject([{ host: '"token":"x"', msg: 'the word "cookie": is fine' }]);
  });

  it('when an error has a code › it is written', () => {
    const { logger, lines } = aLog();

    logger.warn({ err: Object.assign(new Error('odd'), { code: 'ECONNRESET' }), state: 'CANARY' }, 'failed');

    expect(lines).toMatchObject([{ err: { code: 'ECONNRESET', message: 'odd' }, state: '…' }]);
  });

  it('when a child writes › the same rules hold', () => {
    const { logger, text } = aLog();

    logger.child({ requestId: 'r', accessToken: 'CANARY' }).info({ refreshToken: 'CANARY' }, 'careless');

    expect(text()).not.toContain('CANARY');
  });

  it.each<[string, () => Error]>([
    ['Redis', aReplyError],
    ['axios', anAxiosError],
  ])('when an error of %s is logged › nothing it carries is written', (_, error) => {
    const { logger, lines, text } = aLog();

    logger.error({ err: error() }, 'failed');
    logger.error(error());
    logger.error(error(), 'failed');

    expect(lines).toHaveLength(3);
    expect(text()).not.toContain('CANARY');
  });

  it('when one of our errors is logged › its cause is not written', () => {
    const { logger, lines, text } = aLog();
    const error = new AppError('it failed', { code: 'odd', status: 500, cause: anAxiosError() });

    logger.error({ err: error }, 'failed');

    expect(lines[0]?.err).toMatchObject({ name: 'AppError', code: 'odd', message: 'it failed' });
    expect(text()).not.toContain('CANARY');
  });
});

describe('the lines of a process', () => {
  /** Runs this with a `logger`. @returns what it printed, and how it ended */
  async function run(code: string, { isRead = true } = {}) {
    const program = `
      import { createLogger } from '${join(import.meta.dirname, '../src/log.ts')}';
      const logger = createLogger({ level: 'info', isPretty: false });
      ${code}`;
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', program], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let printed = '';
    if (isRead) {
      child.stdout.on('data', (chunk: Buffer) => {
        printed += chunk;
      });
    } else {
      child.stdout.destroy();
    }
    const tooLong = setTimeout(() => child.kill('SIGKILL'), 10_000);
    const [exitCode] = await once(child, 'exit');
    if (isRead && !child.stdout.readableEnded) await once(child.stdout, 'end');
    clearTimeout(tooLong);
    return { exitCode, messages: [...printed.matchAll(/"msg":"([^"]+)"/g)].map(([, message]) => message) };
  }

  const ENDS = [
    ['ends by itself', '', 0],
    ['is ended at once', 'process.exit(3);', 3],
    ['breaks', 'throw new Error("odd");', 1],
    ['is killed', 'process.kill(process.pid, "SIGKILL");', null],
  ] as const;

  it.each(ENDS)(
    'when it %s right after its lines › all are written, in their order',
    async (_what, end, expected) => {
      const { exitCode, messages } = await run(
        `for (let line = 1; line <= 50; line += 1) logger.info(String(line)); ${end}`,
      );

      expect(messages).toEqual(Array.from({ length: 50 }, (_, index) => String(index + 1)));
      expect(exitCode).toBe(expected);
    },
  );

  it.each(ENDS)(
    'when it %s and nobody reads its lines › it ends all the same',
    async (_what, end, expected) => {
      const { exitCode } = await run(
        `logger.info('first'); setTimeout(() => { logger.info('last'); ${end} }, 200);`,
        { isRead: false },
      );

      expect(exitCode).toBe(expected);
    },
  );
});

describe('describeError()', () => {
  it('when it is an error › keeps name, code, message and stack', () => {
    const error = Object.assign(new TypeError('went wrong'), { code: 'ODD', secret: 'CANARY' });

    expect(describeError(error)).toEqual({
      name: 'TypeError',
      code: 'ODD',
      message: 'went wrong',
      stack: error.stack,
    });
  });

  it('when it is a reply of Redis › keeps only its first word, for the rest can quote us', () => {
    expect(describeError(aReplyError())).toEqual({
      name: 'ReplyError',
      code: undefined,
      message: 'WRONGTYPE',
      stack: undefined,
    });
  });

  it.each<[unknown]>([['CANARY'], [{ message: 'CANARY' }], [null], [undefined], [42]])(
    'when %j was thrown, which is no error › says so and repeats nothing',
    (thrown) => {
      expect(describeError(thrown)).toEqual({ message: 'something that is not an Error was thrown' });
    },
  );
});

describe('AppError', () => {
  it('when it is turned into JSON or walked through › its cause does not show', () => {
    const error = new AppError('it failed', { code: 'odd', status: 500, cause: anAxiosError() });

    expect(JSON.stringify(error)).not.toContain('CANARY');
    expect(Object.keys(error)).not.toContain('cause');
    expect(error.cause).toBeInstanceOf(AxiosError);
  });

  it('when it is of a kind of its own › carries that name', () => {
    class OddError extends AppError {}

    expect(new OddError('x', { code: 'odd', status: 500 }).name).toBe('OddError');
  });
});
