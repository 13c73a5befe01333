import { readFileSync } from 'node:fs';
import { type ClientRequest, type IncomingMessage, METHODS, request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { EACH } from '../support/fuzz.ts';
import { anyText, mutated } from '../support/hostile-values.ts';
import { startApp, type TestApp } from '../support/start-app.ts';

const WAIT_MS = 10_000;
/** With fewer requests not every status below is met. */
const ENOUGH_FOR_EACH_STATUS = 100;

/** The methods and paths that app.ts answers. */
const ROUTES = [
  ...readFileSync(join(import.meta.dirname, '../../src/app.ts'), 'utf8').matchAll(
    /app\.(get|post)\('(\/[^']*)'/g,
  ),
].map(([, method = '', path = '']) => ({ method: method.toUpperCase(), path }));

/** What every answer carries, errors included (security-checklist.md, Pages). */
const PROTECTIVE = {
  'content-security-policy': /^default-src 'none';/,
  'x-content-type-options': /^nosniff$/,
  'referrer-policy': /^no-referrer$/,
  'cross-origin-opener-policy': /^same-origin$/,
  'cross-origin-resource-policy': /^same-origin$/,
  'x-request-id': /^[\da-f-]+$/,
};
const FRAMES = /x-powered-by/i;
/** Of a stack trace, of code, of another file. */
const INSIDES = /\n\s+at .+:\d+|node_modules|file:\/\/|\.ts:\d+|\/src\/|TypeError|RangeError|ECONN/;

const anId = fc.oneof(
  fc.constantFrom(
    '1',
    '2',
    '999',
    '0',
    '-1',
    '1e3',
    '007',
    '9'.repeat(30),
    '__proto__',
    '..',
    '%2e%2e',
    '%00',
    '%ff',
    '%',
  ),
  fc.constantFrom('A'.repeat(22), 'events', 'view'),
  anyText,
);
const aPath = fc
  .tuple(
    fc.constantFrom(
      ...ROUTES.map(({ path }) => path),
      '/assets/companies.css',
      '/assets/../app.js',
      '/nothing',
      '//evil.example',
    ),
    anId,
  )
  .map(([path, id]) => path.replace(':id', id));

const NAMES = [
  'q',
  'type',
  'page',
  'sort',
  'order',
  'created_from',
  'revenue_from',
  'responsible',
  'has_phone',
  'returnTo',
  'portal',
  'from',
  'code',
  'state',
  'domain',
  'member_id',
  'server_domain',
  'view',
  'format',
  'name',
  'search',
  'columns',
  'density',
  'id',
  'person',
  'browser',
  'forget',
  'language',
  '__proto__',
  'constructor',
  'hasOwnProperty',
];
const aValue = fc.oneof(
  fc.constantFrom(
    '1',
    'me',
    'yes',
    'title',
    'asc',
    'csv',
    'xlsx',
    'ru',
    '/companies',
    '//evil.example',
    '2026-03-05',
    'q=a&page=2',
    'compact',
  ),
  anyText,
);
const someFields = fc
  .array(fc.tuple(fc.constantFrom(...NAMES), aValue), { maxLength: 5 })
  .map((fields) =>
    fields.map(([name, value]) => `${name}=${encodeURIComponent(value.toWellFormed())}`).join('&'),
  );
const aQuery = fc.oneof(
  { weight: 2, arbitrary: fc.constant('') },
  { weight: 3, arbitrary: someFields.map((fields) => `?${fields}`) },
  { weight: 1, arbitrary: mutated(someFields).map((text) => `?${text}`) },
);
/** What no browser sends, but a request line can hold. */
const anOddTarget = fc.oneof(
  fc.constantFrom('*', '//#@evil.example', '//a@b#', '/#'),
  fc.tuple(aPath, aPath).map(([path, fragment]) => `${sendable(path)}#${sendable(fragment)}`),
  aPath.map((path) => `http://evil.example${sendable(path)}`),
);
const aTarget = fc.oneof(
  {
    weight: 9,
    arbitrary: fc
      .tuple(fc.oneof(aPath, mutated(aPath)), aQuery)
      .map(([path, query]) => sendable(path + query)),
  },
  { weight: 1, arbitrary: anOddTarget },
);

const aHeader = fc.oneof(
  fc.tuple(
    fc.constantFrom('accept'),
    mutated(fc.constantFrom('text/html', 'application/json', '*/*', 'text/html;q=0.1, application/json')),
  ),
  fc.tuple(fc.constantFrom('accept-language'), mutated(fc.constantFrom('ru', 'en;q=0.5, de'))),
  fc.tuple(
    fc.constantFrom('accept-encoding'),
    fc.constantFrom('identity', 'identity;q=0', '*;q=0', 'nothing', ''),
  ),
  fc.tuple(
    fc.constantFrom('cookie'),
    mutated(fc.constantFrom('session=s%3Ax.y', 'language=ru', 'signed-out=http%3A%2F%2Flocalhost', 'a=%')),
  ),
  fc.tuple(
    fc.constantFrom('origin', 'referer'),
    mutated(fc.constantFrom('https://evil.example', 'null', 'OURS')),
  ),
  fc.tuple(fc.constantFrom('sec-fetch-site'), fc.constantFrom('same-origin', 'cross-site', 'none', 'x')),
  fc.tuple(
    fc.constantFrom('sec-purpose', 'purpose', 'x-moz'),
    fc.constantFrom('prefetch', 'prefetch;prerender', 'x'),
  ),
  fc.tuple(
    fc.constantFrom('host', 'x-forwarded-host', 'x-forwarded-for', 'x-forwarded-proto', 'forwarded'),
    mutated(fc.constantFrom('evil.example', '127.0.0.1', 'https')),
  ),
  fc.tuple(fc.constantFrom('range'), fc.constantFrom('bytes=0-10', 'bytes=-1', 'bytes=9-1', 'lines=1')),
  fc.tuple(
    fc.constantFrom(
      'if-none-match',
      'if-modified-since',
      'user-agent',
      'x-http-method-override',
      'authorization',
    ),
    anyText,
  ),
);
const aContentType = fc.oneof(
  { weight: 3, arbitrary: fc.constant('application/x-www-form-urlencoded') },
  {
    weight: 2,
    arbitrary: mutated(
      fc.constantFrom(
        'application/x-www-form-urlencoded; charset=utf-8',
        'application/x-www-form-urlencoded; charset=utf-7',
        'application/json',
        'multipart/form-data; boundary=x',
        'text/plain',
        '',
      ),
    ),
  },
);
/** Stands for it, so that a counterexample can be read. */
const TOO_LONG = 'too long';

const aBody = fc.oneof(
  { weight: 4, arbitrary: someFields },
  { weight: 1, arbitrary: mutated(someFields) },
  { weight: 1, arbitrary: fc.json() },
  { weight: 1, arbitrary: fc.constantFrom(TOO_LONG, 'a&'.repeat(1_500), '%', '&&==', '\0') },
  { weight: 1, arbitrary: anyText },
);
const aMethod = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('GET', 'POST', 'HEAD') },
  // What leads to a tunnel is answered by nobody.
  { weight: 1, arbitrary: fc.constantFrom(...METHODS.filter((method) => method !== 'CONNECT')) },
);

const aRequest = fc.record({
  method: aMethod,
  target: aTarget,
  headers: fc.array(aHeader, { maxLength: 4 }).map((entries) => Object.fromEntries(entries)),
  contentType: aContentType,
  contentEncoding: fc.oneof(
    { weight: 9, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.constantFrom('gzip', 'br', 'nothing') },
  ),
  body: aBody,
  /** Whether it says that it comes from a page of ours. */
  isOurs: fc.boolean(),
});
type AnyRequest = typeof aRequest extends fc.Arbitrary<infer T> ? T : never;

interface Answer {
  status: number;
  headers: IncomingMessage['headers'];
  text: string;
}

let app: TestApp;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());

describe('a request of nobody we know', () => {
  it('whatever it is › is answered without a failure, protected, and without asking anybody else', async () => {
    const statuses = new Set<number>();
    app.outgoing.length = 0;

    await fc.assert(
      fc.asyncProperty(aRequest, async (asked) => {
        const answer = await send(asked);

        statuses.add(answer.status);
        expectDecent(asked, answer);
        expect(app.outgoing).toEqual([]);
        expect(answer.text).not.toContain('Alpha');
      }),
      { ...EACH, numRuns: Math.max(EACH.numRuns, ENOUGH_FOR_EACH_STATUS) },
    );
    // They have got as far as that.
    expect([...statuses]).toEqual(expect.arrayContaining([200, 303, 400, 403, 404]));
    await expectAlive();
  });
});

describe('a request of somebody who is signed in', () => {
  it('whatever it is › is answered without a failure, protected, and asks their portal alone', async () => {
    const known = [app.emulator.authorizationServer, app.emulator.portals[0]?.origin];
    let cookie = await signedInCookie();
    let pagesOfAda = 0;

    await fc.assert(
      fc.asyncProperty(aRequest, async (asked) => {
        app.outgoing.length = 0;

        const answer = await send(asked, cookie);

        expectDecent(asked, answer);
        expect(app.outgoing.filter(({ origin }) => !known.includes(origin))).toEqual([]);
        if (answer.text.includes('Ada Admin')) pagesOfAda += 1;
        if (maySignOut(asked)) cookie = await signedInCookie();
      }),
      EACH,
    );
    expect(pagesOfAda).toBeGreaterThan(0);
    await expectAlive();
  });
});

function expectDecent(asked: AnyRequest, { status, headers, text }: Answer): void {
  expect(status >= 500 && !isRefusedOnPurpose(asked, status) ? `a failure: ${status}` : 'fine').toBe('fine');
  expect(text).not.toMatch(INSIDES);
  for (const [name, value] of Object.entries(PROTECTIVE))
    expect([name, headers[name]]).toEqual([name, expect.stringMatching(value)]);
  expect(Object.keys(headers).filter((name) => FRAMES.test(name))).toEqual([]);
  const location = headers.location;
  if (location === undefined) return;
  // To us, or to a portal that is listed.
  expect([app.origin, app.emulator.portals[0]?.origin]).toContain(new URL(location, app.origin).origin);
}

/** Guesses of browsers at the redirection endpoint, and more windows that listen for exports than one person may have. */
function isRefusedOnPurpose({ target, headers }: AnyRequest, status: number): boolean {
  const isGuess = ['sec-purpose', 'purpose', 'x-moz'].some((name) => headers[name]?.includes('prefetch'));
  const [path = ''] = target.replace(/^http:\/\/evil\.example/, '').split(/[?#]/, 1);
  return status === 503 && ((isGuess && /^\/bitrix\/?$/i.test(path)) || /^\/exports\/events\/?$/i.test(path));
}

async function expectAlive(): Promise<void> {
  const [health, page] = await Promise.all([fetch(`${app.origin}/healthz`), fetch(`${app.origin}/`)]);
  expect([health.status, page.status]).toEqual([200, 200]);
  const failures = app.logLines().filter(({ errorCode }) => errorCode === 'internal_error');
  expect(failures).toEqual([]);
}

async function signedInCookie(): Promise<string> {
  const agent = app.agent();
  await app.signIn(agent);
  const jar = agent.cookies.get(new URL(app.origin).hostname) ?? new Map();
  return [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
}

function maySignOut({ method, target }: AnyRequest): boolean {
  return method === 'POST' && /logout|account/i.test(target);
}

function send(asked: AnyRequest, cookie?: string): Promise<Answer> {
  const { method, target, contentType, contentEncoding, isOurs } = asked;
  const body =
    method === 'POST' || method === 'PUT' || method === 'PATCH'
      ? Buffer.from(asked.body === TOO_LONG ? 'q='.padEnd(12_000, 'x') : asked.body)
      : Buffer.alloc(0);
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(asked.headers))
    headers[name] = headerText(value.replaceAll('OURS', app.origin));
  if (isOurs) headers['sec-fetch-site'] = 'same-origin';
  if (cookie !== undefined) headers.cookie = cookie;
  if (body.length > 0) {
    headers['content-type'] = headerText(contentType);
    headers['content-length'] = String(body.length);
    if (contentEncoding) headers['content-encoding'] = contentEncoding;
  }
  return new Promise((resolve, reject) => {
    const sent: ClientRequest = request(
      app.origin,
      { method, path: target, headers, timeout: WAIT_MS },
      (response) => {
        const chunks: Buffer[] = [];
        const answer = () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text: Buffer.concat(chunks).toString(),
          });
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', answer);
        response.on('error', reject);
        // A stream of events has no end.
        if (response.headers['content-type']?.startsWith('text/event-stream')) {
          answer();
          sent.destroy();
        }
      },
    );
    sent.on('timeout', () => sent.destroy(new Error(`no answer within ${WAIT_MS} ms`)));
    sent.on('error', reject);
    sent.end(body);
  });
}

/** What a request line can hold: it begins with a slash, and everything else is one letter of it. */
function sendable(target: string): string {
  return `/${target.replace(/^\//, '')}`.replace(/[^!-~]/gu, (letter) =>
    encodeURIComponent(letter.toWellFormed()),
  );
}

/** Headers hold no line breaks, and letters of one byte only. */
function headerText(value: string): string {
  return Buffer.from(value)
    .toString('latin1')
    .replace(/[^\t -~\x80-\xff]/g, '');
}
