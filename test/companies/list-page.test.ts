import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { BrowserAgent } from '../support/browser-agent.ts';
import { aCompany, aPortal } from '../support/builders.ts';
import { startApp, type TestApp } from '../support/start-app.ts';

const NOT_SENSIBLE = 'Bitrix24 did not answer sensibly';
const JSON_HEADERS = { headers: { accept: 'application/json' } };

let app: TestApp;
let admin: BrowserAgent;
beforeAll(async () => {
  const many = Array.from({ length: 117 }, (_, index) =>
    aCompany({ ID: String(index + 10), TITLE: `Many ${index + 10}` }),
  );
  const named = [
    aCompany({
      ID: '1',
      TITLE: 'Zeta',
      REVENUE: '5.50',
      DATE_CREATE: '2020-01-01T00:00:00+03:00',
      ASSIGNED_BY_ID: '7',
    }),
    aCompany({
      ID: '2',
      TITLE: 'alpha',
      REVENUE: '99999999999.99',
      DATE_MODIFY: '2019-01-01T00:00:00+03:00',
    }),
    aCompany({
      ID: '3',
      TITLE: 'Quote " & <b>bold</b>',
      PHONE: [
        { ID: '1', VALUE_TYPE: 'WORK', VALUE: '+7 (495) 000-00-01', TYPE_ID: 'PHONE' },
        { ID: '2', VALUE_TYPE: 'MOBILE', VALUE: '+7 900 000-00-02', TYPE_ID: 'PHONE' },
      ],
      EMAIL: [{ ID: '3', VALUE_TYPE: 'WORK', VALUE: 'sales@quote.example', TYPE_ID: 'EMAIL' }],
    }),
    aCompany({
      ID: '4',
      TITLE: 'Bare',
      COMPANY_TYPE: null,
      INDUSTRY: 'UNKNOWN_ID',
      REVENUE: null,
      CURRENCY_ID: null,
      ASSIGNED_BY_ID: '4040',
    }),
  ];
  app = await startApp({ emulator: { portals: [aPortal({ companies: [...named, ...many] })] } });
  admin = app.agent();
  await app.signIn(admin);
});
afterAll(() => app.stop());
afterEach(() => app.emulator.clearFaults());

describe('GET /companies as JSON', () => {
  describe('when nothing is asked for', () => {
    it('answers the newest fifty with the documented shape', async () => {
      const answer = await companies('');

      expect(answer).toMatchObject({ total: 121, page: 1, pageSize: 50 });
      expect(Date.parse(String(answer.asOf))).toBeGreaterThan(0);
      expect(ids(answer)).toEqual(Array.from({ length: 50 }, (_, index) => 126 - index));
      expect(answer.companies[0]).toEqual({
        id: 126,
        title: 'Many 126',
        type: { id: 'CUSTOMER', name: 'Client' },
        industry: { id: 'IT', name: 'Information technology' },
        phones: [],
        emails: [],
        revenue: 1000,
        currency: 'EUR',
        responsible: { id: 1, name: 'Ada Admin' },
        created: '2026-03-05T10:20:30+03:00',
        modified: '2026-04-06T11:21:31+03:00',
      });
    });

    it('gives null for what is absent and the id alone for what is unknown', async () => {
      const { companies: found } = await companies('?q=Bare');

      expect(found).toMatchObject([
        {
          id: 4,
          type: null,
          industry: { id: 'UNKNOWN_ID', name: null },
          revenue: null,
          currency: null,
          responsible: { id: 4040, name: null },
        },
      ]);
    });

    it('gives phones and e-mails as plain strings', async () => {
      const { companies: found } = await companies('?q=Quote');

      expect(found).toMatchObject([
        { phones: ['+7 (495) 000-00-01', '+7 900 000-00-02'], emails: ['sales@quote.example'] },
      ]);
    });
  });

  describe('when a page is asked for', () => {
    it.each([
      [2, 50],
      [3, 21],
      [4, 0],
      [999_999, 0],
    ])('number %s holds %s', async (page, count) => {
      const answer = await companies(`?page=${page}`);

      expect(answer.companies).toHaveLength(count);
      expect(answer.total).toBe(121);
    });

    it('repeats and loses no company over all pages of any order', async () => {
      const pages = await Promise.all(
        [1, 2, 3].map((page) => companies(`?sort=revenue&order=asc&page=${page}`)),
      );

      expect(new Set(pages.flatMap(ids)).size).toBe(121);
    });
  });

  describe('when an order is asked for', () => {
    it.each([
      ['title', 'desc', 1],
      ['title', 'asc', 2],
      ['created', 'asc', 1],
      ['modified', 'asc', 2],
      ['revenue', 'desc', 2],
      ['id', 'asc', 1],
    ])('by %s %s begins with company %s', async (sort, order, first) => {
      const answer = await companies(`?sort=${sort}&order=${order}`);

      expect(ids(answer)[0]).toBe(first);
    });
  });

  describe('when a title is searched for', () => {
    it.each([
      ['ALPHA', [2]],
      ['%', []],
      ['<b>', [3]],
      ['  Zeta  ', [1]],
      ['Many 12', [126, 125, 124, 123, 122, 121, 120, 12]],
    ])('"%s" finds %j', async (q, expected) => {
      const answer = await companies(`?q=${encodeURIComponent(q)}`);

      expect(ids(answer)).toEqual(expected);
    });
  });

  describe('when a parameter cannot be used', () => {
    it.each([
      'page=0',
      'page=-1',
      'page=1.5',
      'page=x',
      'page=1&page=2',
      'page=99999999',
      'sort=phone',
      'sort=id&sort=title',
      'order=up',
      `q=${'x'.repeat(256)}`,
      'q=a&q=b',
    ])('%s answers 400 invalid_request', async (query) => {
      const answer = await admin.request(`${app.origin}/companies?${query}`, JSON_HEADERS);

      expect(answer.status).toBe(400);
      expect(JSON.parse(answer.text)).toMatchObject({ error: { code: 'invalid_request' } });
    });

    it.each(['unknown=1', 'page=', '__proto__=x', 'q[a]=b'])('%s is ignored', async (query) => {
      const answer = await companies(`?${query}`);

      expect(answer.total).toBe(121);
    });
  });

  describe('when nobody is signed in', () => {
    it('answers 401 sign_in_required', async () => {
      const answer = await app.agent().request(`${app.origin}/companies`, JSON_HEADERS);

      expect(answer.status).toBe(401);
      expect(JSON.parse(answer.text)).toMatchObject({ error: { code: 'sign_in_required' } });
    });
  });
});

describe('GET /companies as a page', () => {
  it('escapes what companies are called', async () => {
    const page = await admin.visit(`${app.origin}/companies?q=Quote`);

    expect(page.text).toContain('Quote &quot; &amp; &lt;b&gt;bold&lt;/b&gt;');
    expect(page.text).not.toContain('<b>bold');
  });

  it('links phones and e-mails', async () => {
    const page = await admin.visit(`${app.origin}/companies?q=Quote`);

    expect(page.text).toContain('href="tel:+74950000001"');
    expect(page.text).toContain('href="mailto:sales@quote.example"');
  });

  it.each([
    ['nothing found', '?q=nobody%20is%20called%20so', 'Nothing found'],
    ['a page past the end', '?page=77', 'This page is past the end'],
  ])('says it when there is %s', async (_case, query, text) => {
    const page = await admin.visit(`${app.origin}/companies${query}`);

    expect(page.status).toBe(200);
    expect(page.text).toContain(text);
  });

  it('is kept by nobody and framed by nobody', async () => {
    const page = await admin.visit(`${app.origin}/companies`);

    expect(page.headers.get('cache-control')).toBe('no-store');
    expect(page.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
  });

  it('carries no indentation of its templates', async () => {
    const page = await admin.visit(`${app.origin}/companies`);

    expect(page.text).toContain('</html>');
    expect(page.text).not.toMatch(/^[ \t]/m);
  });

  it('gives HTML to whoever does not mind', async () => {
    const page = await admin.request(`${app.origin}/companies`, { headers: { accept: '*/*' } });

    expect(page.headers.get('content-type')).toContain('text/html');
  });
});

/** What can be repeated without harm is tried so often. */
const TRIES = 4;

describe('GET /companies when the portal is in a mood', () => {
  it.each([
    ['OPERATION_TIME_LIMIT', 429, 503, 'portal_limited'],
    ['OVERLOAD_LIMIT', 401, 502, 'portal_refused'],
    ['insufficient_scope', 401, 403, 'access_denied'],
    ['ACCESS_DENIED', 401, 403, 'access_denied'],
    ['user_access_error', 403, 403, 'access_denied'],
    ['PAYMENT_REQUIRED', 401, 403, 'access_denied'],
    ['authorization_error', 401, 401, 'sign_in_required'],
    ['ERROR_OAUTH', 401, 401, 'sign_in_required'],
    ['INTERNAL_SERVER_ERROR', 500, 502, 'portal_failed'],
    ['NEVER_SEEN_BEFORE', 400, 502, 'portal_failed'],
  ])('and says %s (%s), answers %s %s', async (error, wireStatus, status, code) => {
    app.emulator.orderFault({
      on: 'rest',
      times: TRIES,
      effect: { type: 'error', status: wireStatus, error, description: '<raw text>' },
    });

    const answer = await admin.request(`${app.origin}/companies`, JSON_HEADERS);

    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.text)).toMatchObject({ error: { code } });
    expect(answer.text).not.toContain('raw text');
    app.emulator.clearFaults();
  });

  it.each([
    ['says INTERNAL_SERVER_ERROR', { type: 'error', status: 500, error: 'INTERNAL_SERVER_ERROR' }],
    ['drops the connection', { type: 'drop', when: 'before' }],
    ['answers HTML with 502', { type: 'html', status: 502 }],
  ] as const)('and %s three times, asks a fourth time and shows the page', async (_case, effect) => {
    app.emulator.orderFault({ on: 'rest', times: TRIES - 1, effect });
    app.emulator.clearRequests();

    const page = await admin.request(`${app.origin}/companies`);

    expect(page.status).toBe(200);
    expect(app.emulator.requests).toHaveLength(TRIES);
  });

  it.each([
    ['drops the connection', { type: 'drop', when: 'after' }],
    ['answers HTML with 200', { type: 'html', status: 200 }],
    ['answers broken JSON', { type: 'brokenJson' }],
    ['breaks off', { type: 'half' }],
    ['answers 300 MiB', { type: 'huge', bytes: 300 * 1024 * 1024 }],
    ['answers a gzip bomb', { type: 'huge', bytes: 300 * 1024 * 1024, gzip: true }],
    ['answers null', { type: 'answer', status: 200, body: 'null' }],
    ['answers a list', { type: 'answer', status: 200, body: [] }],
    ['answers without result', { type: 'answer', status: 200, body: {} }],
    ['answers a result of another kind', { type: 'answer', status: 200, body: { result: 'text' } }],
    [
      'redirects elsewhere',
      { type: 'redirect', status: 307, to: 'http://127.0.0.1:1/rest/' },
      'Your portal has moved to another address',
    ],
  ] as const)(
    'and %s, answers 502 with a page that says so',
    async (_case, effect, words: string = NOT_SENSIBLE) => {
      app.emulator.orderFault({ on: 'rest', times: TRIES, effect });

      const page = await admin.request(`${app.origin}/companies`);

      expect(page.status).toBe(502);
      expect(page.text).toContain(words);
      expect(page.text).toContain('Ada Admin');
      app.emulator.clearFaults();
      // A second later, whoever comes finds out that the portal is well again.
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      expect((await admin.request(`${app.origin}/companies`)).status).toBe(200);
    },
  );

  it('and will not name people, shows their ids', async () => {
    app.emulator.orderFault({
      on: 'rest',
      restMethod: 'user.get',
      effect: { type: 'error', status: 401, error: 'insufficient_scope' },
    });

    const page = await admin.request(`${app.origin}/companies?q=alpha`);

    expect(page.status).toBe(200);
    expect(page.text).toContain('User 1');
  });

  it('and will not tell its dictionaries, shows their ids', async () => {
    app.emulator.orderFault({
      on: 'rest',
      restMethod: 'crm.status.list',
      times: 2,
      effect: { type: 'error', status: 400, error: '' },
    });

    const page = await admin.request(`${app.origin}/companies?q=alpha`);

    expect(page.status).toBe(200);
    expect(page.text).toContain('CUSTOMER');
  });
});

describe('GET /companies with other rights', () => {
  it('shows a manager their own companies only', async () => {
    const manager = app.agent();
    await app.signIn(manager, 'manager');

    const answer = await manager.request(`${app.origin}/companies`, JSON_HEADERS);

    expect(JSON.parse(answer.text)).toMatchObject({ total: 1, companies: [{ id: 1 }] });
  });

  it('tells somebody without CRM rights whom to ask', async () => {
    const guest = app.agent();

    const page = await app.signIn(guest, 'guest');

    expect(page.status).toBe(403);
    expect(page.text).toContain('the right to read companies in CRM');
    expect(page.text).toContain('Greta Guest');
  });
});

interface CompaniesAnswer {
  total: number;
  asOf: string;
  companies: { id: number }[];
}

async function companies(query: string): Promise<CompaniesAnswer> {
  const answer = await admin.request(`${app.origin}/companies${query}`, JSON_HEADERS);
  return JSON.parse(answer.text) as CompaniesAnswer;
}

function ids(answer: CompaniesAnswer): number[] {
  return answer.companies.map(({ id }) => id);
}
