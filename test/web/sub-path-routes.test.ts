import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import type { BrowserAgent } from '../support/browser-agent.ts';
import { aCompany, aPortal } from '../support/builders.ts';
import { startApp, type TestApp } from '../support/start-app.ts';

const PATH = '/companies-app';

let app: TestApp;
let admin: BrowserAgent;
beforeAll(async () => {
  const companies = Array.from({ length: 120 }, (_, index) =>
    aCompany({ ID: String(index + 1), TITLE: `Company ${index}` }),
  );
  app = await startApp({
    subPath: PATH,
    // Two, so that the sign-in page offers a choice.
    emulator: { portals: [aPortal({ companies }), aPortal({ host: '127.0.0.2' })] },
  });
  admin = app.agent();
  await app.signIn(admin);
});
afterAll(() => app.stop());

describe('an application below a path', () => {
  it.each([
    '',
    '/',
    '/companies',
    '/companies?q=company&sort=title&order=asc&page=2',
    '/companies?page=900',
    '/companies?q=nothing+like+it',
    '/companies/7?from=page%3D1',
    '/companies/999999',
    '/companies?page=wrong',
    '/overview',
    '/exports',
    '/account',
    '/account/add',
    '/nowhere',
  ])('at %s › all links, forms, styles and scripts of the page stay below it', async (path) => {
    const { text } = await admin.visit(app.origin + path);

    const addresses = [...text.matchAll(/\s(?:href|src|action)="([^"]*)"/g)].map(([, each = '']) => each);
    const ours = addresses.filter((each) => each.startsWith('/'));
    expect(ours.length).toBeGreaterThan(5);
    expect(ours.filter((each) => !each.startsWith(`${PATH}/`) || each.startsWith(PATH + PATH))).toEqual([]);
  });

  it('to a visitor who is not signed in › the sign-in page leads below it too, and back to the page', async () => {
    const { text, url } = await app.agent().visit(`${app.origin}/companies?q=company`);

    expect(url.pathname).toBe(`${PATH}/`);
    expect(text).toContain(`href="${PATH}/login?portal=`);
    expect(text).toContain(`&amp;returnTo=${encodeURIComponent('/companies?q=company')}"`);
  });

  it('after a sign-in › leads back to the page, below it', async () => {
    const { url } = await app.signIn(app.agent(), 'admin', { path: '/companies/7?from=page%3D2' });

    expect(url.pathname + url.search).toBe(`${PATH}/companies/7?from=page%3D2`);
  });

  it.each([
    ['the path alone', '', 303, '/companies'],
    ['the form of the list', '/companies/view?q=company', 303, '/companies?q=company'],
  ])('%s › is redirected below it', async (_case, path, status, target) => {
    const answer = await admin.request(app.origin + path);

    expect([answer.status, answer.location]).toEqual([status, PATH + target]);
  });

  it('a language chosen on a page › leads back to it, below the path', async () => {
    const answer = await admin.request(`${app.origin}/language`, {
      form: { language: 'en', returnTo: '/companies?page=2' },
      headers: { origin: new URL(app.origin).origin },
    });

    expect(answer.location).toBe(`${PATH}/companies?page=2`);
  });

  it('every cookie › is kept from the other applications of the host', async () => {
    const visitor = app.agent();
    const form = { language: 'ru', returnTo: '/' };
    const { origin } = new URL(app.origin);

    const signIn = await visitor.request(`${app.origin}/login?portal=${encodeURIComponent(portal())}`);
    const language = await visitor.request(`${app.origin}/language`, { form, headers: { origin } });

    const cookies = [...signIn.headers.getSetCookie(), ...language.headers.getSetCookie()];
    expect(cookies.map((line) => line.replace(/=.*?;/, ''))).toEqual([
      expect.stringMatching(/^session-[\da-f]{8} Path=\/companies-app;/),
      expect.stringMatching(/^language .*Path=\/companies-app;/),
    ]);
  });

  it('signing out › takes away the cookie that is there, below it', async () => {
    const visitor = app.agent();
    await app.signIn(visitor);
    const { origin } = new URL(app.origin);

    const answer = await visitor.request(`${app.origin}/logout`, { method: 'POST', headers: { origin } });

    expect(answer.location).toBe(`${PATH}/`);
    const paths = answer.headers.getSetCookie().map((line) => /Path=([^;]*)/.exec(line)?.[1]);
    expect([...new Set(paths)]).toEqual([PATH]);
  });

  it('assets › are served below it', async () => {
    const { text } = await admin.visit(`${app.origin}/companies`);
    const [, style = ''] = /href="([^"]+style\.css[^"]*)"/.exec(text) ?? [];

    const answer = await admin.request(new URL(style, app.origin).href);

    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/css; charset=utf-8']);
  });

  it('opened inside the portal › has a link to the whole address', async () => {
    const answer = await request(new URL(app.origin).origin).post(`${PATH}/bitrix`).type('form').send({});

    expect(answer.text).toContain(`href="${app.origin}"`);
  });

  it.each(['/healthz', '/readyz', `${PATH}/healthz`])(
    '%s › answers: health checks ask the process itself',
    async (path) => {
      const answer = await request(new URL(app.origin).origin).get(path);

      expect(answer.status).toBe(200);
    },
  );

  it('a proxy that takes the path off › is served the same', async () => {
    const inside = new URL(app.origin).origin;

    const list = await admin.visit(`${inside}/companies?q=company`);
    const language = await admin.request(`${inside}/language`, {
      form: { language: 'en', returnTo: '/overview' },
      headers: { origin: inside },
    });

    expect(list.status).toBe(200);
    expect(list.text).toContain('Company 7');
    expect(language.location).toBe(`${PATH}/overview`);
  });

  it('under https › the cookie is Secure, and valid below the path only', async () => {
    const secure = await startApp({ publicUrl: `https://intranet.example${PATH}` });

    const answer = await request(secure.origin).get(`${PATH}/login`);
    await secure.stop();

    expect(answer.headers['set-cookie']).toEqual([
      expect.stringMatching(
        /^__Secure-session-[\da-f]{8}=[^;]+; Path=\/companies-app; Expires=[^;]+; HttpOnly; Secure; SameSite=Lax$/,
      ),
    ]);
  });
});

function portal(): string {
  return app.emulator.portals[0]?.origin ?? '';
}
