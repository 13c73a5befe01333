import { readdirSync, readFileSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { BrowserAgent } from '../support/browser-agent.ts';
import { startRedisServer } from '../support/redis-server.ts';
import { addressOf, ROUTES } from '../support/routes.ts';
import { startApp, type TestApp } from '../support/start-app.ts';

const PUBLIC_URL = 'https://crm.example';
const SRC = join(import.meta.dirname, '../../src');
/** A stream of events would not end by itself; its headers are those of the others. */
const PAGES = ROUTES.filter(({ method, path }) => method === 'GET' && !path.endsWith('/events'));

describe('the answers of the application', () => {
  let app: TestApp;
  let agent: BrowserAgent;
  beforeAll(async () => {
    app = await startApp({ publicUrl: PUBLIC_URL });
    agent = app.agent();
    await app.signIn(agent);
  });
  afterAll(() => app.stop());

  it('whatever they are › carry every protective header', async () => {
    const answers = await everyAnswer(app, agent);

    const statuses = new Set(answers.map(({ status }) => status));
    for (const status of [200, 302, 303, 400, 401, 403, 404]) expect(statuses).toContain(status);
    expect(answers.flatMap(weaknessesOf)).toEqual([]);
  });

  it('when the store is away › carry every protective header', async () => {
    const redis = await startRedisServer();
    const away = await startApp({ publicUrl: PUBLIC_URL, redisUrl: redis.url });
    const somebody = away.agent();
    await away.signIn(somebody);
    redis.signal('SIGKILL');

    const answers = [];
    for (const path of ['/companies', '/login', '/bitrix?state=x', '/readyz']) {
      const { status, headers } = await somebody.request(away.origin + path);
      answers.push({ what: path, status, headers });
    }

    expect(answers.map(({ status }) => status)).toEqual([503, 503, 503, 503]);
    expect(answers.flatMap(weaknessesOf)).toEqual([]);
    await away.stop();
    await redis.stop();
  });

  it('that are about somebody › are kept by nobody', async () => {
    const answers = await everyAnswer(app, agent);

    const kept = answers.filter(({ headers }) => headers.get('cache-control') !== 'no-store');
    expect(new Set(kept.map(({ what }) => what.replace(/\?.*/, '')))).toEqual(
      new Set(['GET /healthz', 'GET /readyz', 'GET /assets/style.css']),
    );
  });

  it.each([
    { host: 'evil.example' },
    { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'http', 'x-forwarded-for': '203.0.113.7' },
    { forwarded: 'for=203.0.113.7;host=evil.example;proto=http' },
    { 'x-original-url': '/admin', 'x-rewrite-url': '/admin', 'x-forwarded-prefix': '//evil.example' },
  ] as Record<string, string>[])('when a request says %j › lead where they always do', async (headers) => {
    const paths = [
      '/',
      '/companies',
      '/companies/1',
      '/account',
      '/login',
      '/nowhere',
      '/companies/view?q=a',
    ];
    for (const path of paths) {
      for (const who of [agent, app.agent()]) {
        const usual = await askAs(who, app.origin + path, {});
        const answer = await askAs(who, app.origin + path, headers);

        expect(answer.status).toBe(usual.status);
        expect(withoutState(answer.location)).toBe(withoutState(usual.location));
        expect(answer.all).not.toMatch(/evil\.example|203\.0\.113|\/admin/);
      }
    }
  });

  it('when a request is full of options of the template engine › are what they always are', async () => {
    const options = [
      'settings[view options][client]=1',
      'settings[view options][escapeFunction]=1;throw Error(`owned`)',
      'settings[view options][outputFunctionName]=x;throw Error(`owned`);x',
      'settings[view options][delimiter]=?',
      'cache=&filename=/etc/passwd&root=/&views=/etc&_with=false&localsName=x;throw Error(`owned`);x',
      '__proto__[outputFunctionName]=x&constructor[prototype][client]=1',
    ].join('&');
    const usual = await Promise.all(PAGES_OF_SOMEBODY.map((path) => agent.request(app.origin + path)));

    const bent = await Promise.all(
      PAGES_OF_SOMEBODY.map((path) => agent.request(`${app.origin}${path}?${encodeURI(options)}`)),
    );

    expect(bent.map(({ status }) => status)).toEqual(usual.map(() => 200));
    expect(bent.map(({ text }) => headingOf(text))).toEqual(usual.map(({ text }) => headingOf(text)));
    expect(bent.filter(({ text }) => text.includes('root:x:'))).toEqual([]);
  });
});

const PAGES_OF_SOMEBODY = ['/companies', '/companies/1', '/account', '/overview', '/exports', '/account/add'];

describe('what templates are given', () => {
  const calls = filesBelow(SRC).flatMap((file) => {
    const text = readFileSync(file, 'utf8');
    return [...text.matchAll(/\.render\(/g)].map(({ index }) => ({
      file,
      text,
      given: argumentsAt(text, index + '.render('.length),
    }));
  });

  it('is an object that we build, and never one of the request', () => {
    expect(calls.length).toBeGreaterThanOrEqual(10);

    const strays = calls.filter(({ text, given }) => {
      const [, values = ''] = /^\s*(?:'[\w-]+'|view),\s*([\s\S]*)$/.exec(given) ?? [];
      // Named once where it is built, a line or two above.
      const isBuilt = values.startsWith('{') || new RegExp(`const ${values.trim()} = \\{`).test(text);
      const isOfRequest = /\.\.\.req\b|\breq\.(query|body|params|headers|session)\b|[{,]\s*req\s*[,}]/.test(
        values,
      );
      return !isBuilt || isOfRequest;
    });

    expect(strays.map(({ file, given }) => `${file}: ${given}`)).toEqual([]);
  });
});

interface Answered {
  what: string;
  status: number;
  headers: Headers;
}

/** Pages, refusals and redirects of every route, to a visitor and to somebody, as HTML and as JSON. */
async function everyAnswer(app: TestApp, somebody: BrowserAgent): Promise<Answered[]> {
  const answers: Answered[] = [];
  const visitor = app.agent();
  async function ask(
    agent: BrowserAgent,
    method: string,
    path: string,
    options: Record<string, unknown> = {},
  ) {
    const { status, headers } = await agent.request(app.origin + path, { method, ...options });
    answers.push({ what: `${method} ${path}`, status, headers });
  }
  for (const route of PAGES) {
    for (const accept of ['text/html', 'application/json']) {
      await ask(visitor, 'GET', addressOf(route), { headers: { accept } });
      await ask(somebody, 'GET', addressOf(route), { headers: { accept } });
    }
  }
  for (const route of ROUTES.filter(({ method, path }) => method === 'POST' && path !== '/bitrix'))
    await ask(somebody, 'POST', addressOf(route), { form: {}, headers: { 'sec-fetch-site': 'cross-site' } });
  const own = { 'sec-fetch-site': 'same-origin' };
  await ask(visitor, 'POST', '/language', { form: { language: 'x'.repeat(20_000) }, headers: own });
  await ask(visitor, 'POST', '/companies/layout', { form: {}, headers: own });
  for (const path of [
    '/nowhere',
    '/%',
    '/companies?page=x',
    '/assets/style.css',
    '/assets',
    '/assets/nothing',
    '/bitrix?state=x',
  ])
    await ask(somebody, 'GET', path);
  for (const method of ['HEAD', 'OPTIONS', 'PUT', 'DELETE']) await ask(somebody, method, '/companies');
  return answers;
}

/** What an answer lacks, one text each. */
function weaknessesOf({ what, status, headers }: Answered): string[] {
  const wanted: Record<string, RegExp> = {
    'strict-transport-security': /^max-age=\d{8,}; includeSubDomains$/,
    'x-content-type-options': /^nosniff$/,
    'referrer-policy': /^no-referrer$/,
    'cross-origin-opener-policy': /^same-origin$/,
    'cross-origin-resource-policy': /^same-origin$/,
    'x-frame-options': /^DENY$/,
  };
  const policy = headers.get('content-security-policy') ?? '';
  const directives = ["default-src 'none'", "script-src 'self'", "style-src 'self'", "object-src 'none'"];
  directives.push("base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'");
  return [
    ...Object.entries(wanted).flatMap(([name, value]) => (value.test(headers.get(name) ?? '') ? [] : [name])),
    ...directives.filter((directive) => !policy.includes(directive)),
    ...(/unsafe|data:|blob:|\*(?!\.)|nonce|https?:(?!\/\/)/.test(policy) ? [`weak: ${policy}`] : []),
    ...['x-powered-by', 'server'].filter((name) => headers.has(name)),
  ].map((weakness) => `${what} (${status}): ${weakness}`);
}

/** As `agent` would, with any headers at all: fetch keeps `Host` to itself. */
function askAs(
  agent: BrowserAgent,
  address: string,
  headers: Record<string, string>,
): Promise<{ status: number | undefined; location: string | undefined; all: string }> {
  const cookies = agent.cookies.get(new URL(address).hostname) ?? new Map<string, string>();
  const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  return new Promise((resolve, reject) => {
    get(address, { headers: { accept: 'text/html', cookie, ...headers } }, (answer) => {
      let all = answer.rawHeaders.join('\n');
      answer.on('data', (chunk) => {
        all += chunk;
      });
      answer.on('end', () => resolve({ status: answer.statusCode, location: answer.headers.location, all }));
    }).on('error', reject);
  });
}

function withoutState(location: string | undefined): string | undefined {
  return location?.replace(/state=[\w-]+/, 'state=');
}

function headingOf(html: string): string | undefined {
  return /<h1[^>]*>([\s\S]*?)<\/h1>/.exec(html)?.[1];
}

/** The text between the bracket that was opened before `from` and the one that closes it. */
function argumentsAt(text: string, from: number): string {
  let depth = 1;
  let to = from;
  for (; depth > 0 && to < text.length; to += 1) depth += Number(text[to] === '(') - Number(text[to] === ')');
  return text.slice(from, to - 1);
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? filesBelow(join(folder, entry.name)) : [join(folder, entry.name)],
  );
}
