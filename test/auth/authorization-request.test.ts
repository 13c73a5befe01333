import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { aPortal } from '../support/builders.ts';
import { startApp, type TestApp } from '../support/start-app.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startApp({
    emulator: { portals: [aPortal({ host: 'localhost' }), aPortal({ host: '127.0.0.1' })] },
  });
});
afterAll(() => app.stop());

describe('GET /', () => {
  describe('when nobody is signed in', () => {
    it('offers every listed portal and leaves no cookie and no record', async () => {
      const agent = app.agent();

      const page = await agent.visit(app.origin);

      expect(page.status).toBe(200);
      for (const portal of app.emulator.portals)
        expect(page.text).toContain(encodeURIComponent(portal.origin));
      expect(page.headers.getSetCookie()).toEqual([]);
    });

    it('keeps where the person wanted to go', async () => {
      const page = await app
        .agent()
        .visit(`${app.origin}/?returnTo=${encodeURIComponent('/companies?q=Beta')}`);

      expect(page.text).toContain(encodeURIComponent('/companies?q=Beta'));
    });
  });

  describe('when somebody is signed in', () => {
    it('answers 303 to the companies', async () => {
      const agent = app.agent();
      await app.signIn(agent);

      const answer = await agent.request(app.origin);

      expect(answer).toMatchObject({ status: 303, location: '/companies' });
    });
  });
});

describe('GET /login', () => {
  describe('when the portal is listed', () => {
    it.each(['origin', 'host'] as const)(
      'by its %s, answers 302 with client_id and state and nothing else',
      async (form) => {
        const portal = app.emulator.portals[0]?.origin ?? '';
        const written = form === 'origin' ? portal : new URL(portal).host;

        const answer = await app.agent().request(`${app.origin}/login?portal=${encodeURIComponent(written)}`);

        const target = new URL(answer.location ?? '');
        expect(answer.status).toBe(302);
        expect(target.origin + target.pathname).toBe(`${portal}/oauth/authorize/`);
        expect([...target.searchParams.keys()]).toEqual(['client_id', 'state']);
        expect(target.searchParams.get('client_id')).toBe(app.client.clientId);
        expect(target.searchParams.get('state')).toMatch(/^[\w-]{43}$/);
      },
    );

    it('gives every sign-in a state of its own', async () => {
      const agent = app.agent();
      const address = `${app.origin}/login?portal=${encodeURIComponent(app.emulator.portals[0]?.origin ?? '')}`;

      const answers = await Promise.all(Array.from({ length: 20 }, () => agent.request(address)));

      expect(new Set(answers.map(({ location }) => location)).size).toBe(20);
    });
  });

  describe('when the portal is not allowed', () => {
    it.each([
      'https://evil.example',
      'evil.example',
      'localhost.evil.example',
      'javascript:alert(1)',
      '//evil.example',
      'http://localhost:1',
    ])('%s answers 400 without going anywhere', async (portal) => {
      const answer = await app.agent().request(`${app.origin}/login?portal=${encodeURIComponent(portal)}`, {
        headers: { accept: 'application/json' },
      });

      expect(answer.status).toBe(400);
      expect(JSON.parse(answer.text)).toMatchObject({ error: { code: 'portal_not_allowed' } });
      expect(answer.headers.getSetCookie()).toEqual([]);
    });

    it('given twice answers 400', async () => {
      const answer = await app.agent().request(`${app.origin}/login?portal=a&portal=b`);

      expect(answer.status).toBe(400);
    });
  });

  describe('when no portal is named', () => {
    it('and several are possible, leads to the choice and keeps returnTo', async () => {
      const answer = await app.agent().request(`${app.origin}/login?returnTo=/companies/2`);

      expect(answer).toMatchObject({ status: 303, location: '/?returnTo=%2Fcompanies%2F2' });
    });

    it('goes to the portal of the session', async () => {
      const agent = app.agent();
      await app.signIn(agent, 'admin', { portal: 1 });

      const answer = await agent.request(`${app.origin}/login`);

      expect(new URL(answer.location ?? '').origin).toBe(app.emulator.portals[1]?.origin);
    });
  });
});

describe('POST /login', () => {
  let typed: TestApp;
  beforeAll(async () => {
    typed = await startApp({ portals: 'https://acme.bitrix24.com,*.bitrix24.ru' });
  });
  afterAll(() => typed.stop());

  it.each([
    ['romashka.bitrix24.ru', 'https://romashka.bitrix24.ru'],
    ['  https://Romashka.Bitrix24.RU/crm/ ', 'https://romashka.bitrix24.ru'],
    ['acme.bitrix24.com', 'https://acme.bitrix24.com'],
  ])('takes %s to that portal', async (portal, origin) => {
    const answer = await postLogin({ portal });

    expect(new URL(answer.location ?? '').origin).toBe(origin);
  });

  it.each([
    'bitrix24.ru',
    'a.b.bitrix24.ru',
    'http://romashka.bitrix24.ru',
    'romashka.bitrix24.ru:8443',
    'romashka.bitrix24.ru.evil.example',
    'x@evil.example',
    '',
  ])('refuses %s with 400', async (portal) => {
    const answer = await postLogin({ portal });

    expect(answer.status).toBe(400);
  });

  it('is not reachable by GET: a pattern alone starts nothing', async () => {
    const answer = await typed.agent().request(`${typed.origin}/login?portal=romashka.bitrix24.ru`);

    expect(answer.status).toBe(400);
  });

  it.each([
    ['another origin', { origin: 'https://evil.example' }],
    ['another site', { 'sec-fetch-site': 'cross-site', origin: 'placeholder' }],
    ['a sibling site', { 'sec-fetch-site': 'same-site' }],
    ['nowhere', {}],
  ])('from %s answers 403', async (_from, headers) => {
    const answer = await postLogin({ portal: 'acme.bitrix24.com' }, headers);

    expect(answer.status).toBe(403);
  });

  function postLogin(
    form: Record<string, string>,
    headers: Record<string, string> = { origin: typed.origin },
  ) {
    return typed.agent().request(`${typed.origin}/login`, { form, headers });
  }
});
