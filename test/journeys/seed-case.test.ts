import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { aPortal, aUser } from '../support/builders.ts';
import { HOUR } from '../support/clock.ts';
import { startApp, type TestApp } from '../support/start-app.ts';

/**
 * The capture that this product began with: a self-hosted portal over plain http on an address of its own, an
 * application registered with a trailing `#/`, and the vendor's authorization server.
 */
describe('the seed case', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp({
      emulator: {
        serverDomain: 'oauth.bitrix.info',
        portals: [
          aPortal({
            host: '127.0.0.3',
            users: [
              aUser({ id: 1, login: 'admin', name: 'Иван', lastName: 'Петров', admin: true, crm: 'all' }),
            ],
            companies: [{ ID: '6', TITLE: 'Ромашка' }],
          }),
        ],
      },
      authorizationServers: ['https://oauth.bitrix.info', 'https://oauth.bitrix24.tech'],
      // The vendor's host cannot be had here; only the way to it is bent, not what is sent.
      reroute: (url) =>
        url.origin === 'https://oauth.bitrix.info'
          ? new URL(url.pathname, app.emulator.authorizationServer)
          : url,
    });
    app.emulator.registerClient({ ...app.client, redirectUri: `${app.origin}/bitrix#/` });
  });
  afterAll(() => app.stop());

  it('signs in, shows the one company, and still does after an hour', async () => {
    const agent = app.agent({ headers: { 'accept-language': 'ru' } });

    const page = await app.signIn(agent);
    app.clock.advance(HOUR);
    const later = await agent.visit(`${app.origin}/companies`);

    expect(page.status).toBe(200);
    expect(page.text).toContain('Ромашка');
    expect(page.text).toContain('Иван Петров');
    expect(page.text).toContain('127.0.0.3');
    expect(later.text).toContain('1 компания');
    expect(
      app.emulator.requests
        .filter(({ kind }) => kind === 'token')
        .map(({ grantType, status }) => [grantType, status]),
    ).toEqual([
      ['authorization_code', 200],
      ['refresh_token', 200],
    ]);
  });

  it('came back to the registered address with the fragment at its end and the vendor as server', async () => {
    const agent = app.agent();
    await app.signIn(agent);

    const login = await agent.request(`${app.origin}/login`);
    const redirect = await agent.request(login.location ?? '');

    const callback = new URL(redirect.location ?? '');
    expect(callback.hash).toBe('#/');
    expect(callback.searchParams.get('server_domain')).toBe('oauth.bitrix.info');
    expect(callback.searchParams.get('domain')).toBe('127.0.0.3');
  });

  it('gives the company to programs with null for all that is unknown', async () => {
    const agent = app.agent();
    await app.signIn(agent);

    const answer = await agent.request(`${app.origin}/companies`, {
      headers: { accept: 'application/json' },
    });

    expect(JSON.parse(answer.text)).toMatchObject({
      total: 1,
      companies: [{ id: 6, title: 'Ромашка', phones: [], emails: [] }],
    });
  });

  it('got a token answer as the vendor writes it', async () => {
    const { clientId, clientSecret } = app.client;
    const code = app.emulator.portals[0]?.issueCode({ clientId, userId: 1 }) ?? '';

    const answer = await fetch(`${app.emulator.authorizationServer}/oauth/token/`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'authorization_code',
        client_id: clientId,
        client_secret: clientSecret,
        code,
      }),
    });
    const text = await answer.text();

    expect(text).toContain('"scope":"app"');
    expect(text).toMatch(/"client_endpoint":"http:\\\/\\\/127\.0\.0\.3:\d+\\\/rest\\\/"/);
  });
});
