import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import {
  address,
  follow,
  heading,
  loginAddress,
  query,
  signIn,
  titles,
  useChromium,
} from '../support/browser-journeys.ts';
import { aPortal } from '../support/builders.ts';
import { startApp, type TestApp } from '../support/start-app.ts';

const { newVisitor } = useChromium();
let app: TestApp;
beforeAll(async () => {
  app = await startApp({
    emulator: { portals: [aPortal({ host: 'localhost' }), aPortal({ host: '127.0.0.2' })] },
  });
});
afterAll(() => app.stop());

describe('signing in', () => {
  describe('from the sign-in page', () => {
    it('leads through the form of the chosen portal to the list', async () => {
      const page = await newVisitor();
      await page.goto(app.origin);

      await follow(page.getByRole('link', { name: `Sign in with ${portalHost(1)}` }));
      await page.getByLabel('Login').fill('admin');
      await page.getByLabel('Password').fill('demo');
      await follow(page.getByRole('button', { name: 'Sign in', exact: true }));

      expect(page.url()).toBe(`${app.origin}/companies`);
      expect(await page.title()).toBe('Companies · Companies');
      expect(await titles(page)).toEqual(['Gamma', 'Beta', 'Alpha']);
    });

    it('shows in the header who came in, and from which portal', async () => {
      const page = await newVisitor();
      await page.goto(app.origin);

      await follow(page.getByRole('link', { name: `Sign in with ${portalHost(1)}` }));
      await follow(page.getByRole('button', { name: 'Max Manager' }));

      expect(await page.locator('.person-name').innerText()).toBe('Max Manager');
      expect(await page.locator('.person-portal').innerText()).toBe(portalHost(1));
    });

    it('leaves no trace of the code and the state in the address bar', async () => {
      const page = await newVisitor();
      await page.goto(loginAddress(app));

      await follow(page.locator('button[data-login="admin"]'));

      expect(address(page)).toBe('/companies');
      expect(await page.evaluate('document.referrer')).toBe('');
    });
  });

  describe('from a link to a page of companies', () => {
    it('offers the portals, and leads to that page in the end', async () => {
      const page = await newVisitor();
      await page.goto(`${app.origin}/companies?q=beta&sort=title&order=asc`);

      await follow(page.getByRole('link', { name: `Sign in with ${portalHost(0)}` }));
      await follow(page.locator('button[data-login="admin"]'));

      expect(query(page)).toEqual({ q: 'beta', sort: 'title', order: 'asc' });
      expect(await titles(page)).toEqual(['Beta']);
    });
  });

  describe('when the portal gives this person no right to companies', () => {
    it('says so, says who is signed in, and lets them sign out', async () => {
      const page = await newVisitor();

      await signIn(page, app, { login: 'guest' });

      expect(await heading(page)).toBe('You have no right to see this');
      expect(await page.locator('.person-name').innerText()).toBe('Greta Guest');
      expect(await page.getByRole('button', { name: 'Sign out' }).isVisible()).toBe(true);
    });
  });

  describe('in two tabs, finished in reverse order', () => {
    it('leads each tab to where it wanted to go', async () => {
      const first = await newVisitor();
      const second = await first.context().newPage();
      await first.goto(loginAddress(app, { path: '/companies?q=Alpha' }));
      await second.goto(loginAddress(app, { path: '/companies/2' }));

      await follow(second.locator('button[data-login="admin"]'));
      await follow(first.locator('button[data-login="admin"]'));

      expect(address(second)).toBe('/companies/2');
      expect(await heading(second)).toBe('Beta');
      expect(address(first)).toBe('/companies?q=Alpha');
      expect(await titles(first)).toEqual(['Alpha']);
    });
  });

  describe('finished with an address from another browser', () => {
    it('is refused with 403 and shows no company', async () => {
      const callback = await callbackOf(await newVisitor());
      const victim = await newVisitor();

      const answer = await victim.goto(callback);

      expect(answer?.status()).toBe(403);
      expect(await heading(victim)).toBe('This sign-in cannot be finished');
      expect(await victim.locator('body').innerText()).not.toMatch(/Alpha|Beta|Gamma|Ada Admin/);
    });

    it('is refused with a way to sign in that works', async () => {
      const callback = await callbackOf(await newVisitor());
      const victim = await newVisitor();
      await victim.goto(callback);

      await follow(victim.getByRole('link', { name: 'Sign in again' }));
      await follow(victim.getByRole('link', { name: `Sign in with ${portalHost(0)}` }));
      await follow(victim.locator('button[data-login="manager"]'));

      expect(await heading(victim)).toBe('Companies');
      expect(await victim.locator('.person-name').innerText()).toBe('Max Manager');
    });

    it('leaves somebody who is signed in who they are', async () => {
      const callback = await callbackOf(await newVisitor());
      const victim = await newVisitor();
      await signIn(victim, app, { login: 'manager' });

      await victim.goto(callback);

      expect(address(victim)).toBe('/companies');
      expect(await victim.locator('.person-name').innerText()).toBe('Max Manager');
    });
  });
});

describe('the session cookie', () => {
  describe('when somebody is signed in', () => {
    it('is for this host and for HTTP only, and stays home when other sites post', async () => {
      const page = await newVisitor();

      await signIn(page, app);

      const cookies = await page.context().cookies(app.origin);
      expect(cookies).toEqual([
        expect.objectContaining({
          name: expect.stringMatching(/^session-[\da-f]{8}$/),
          domain: '127.0.0.1',
          path: '/',
          httpOnly: true,
          sameSite: 'Lax',
        }),
      ]);
    });

    it('is not there for scripts', async () => {
      const page = await newVisitor();

      await signIn(page, app);

      expect(await page.evaluate('document.cookie')).toBe('');
    });
  });

  describe('when somebody only looks at the sign-in page', () => {
    it('is not set', async () => {
      const page = await newVisitor();

      await page.goto(app.origin);

      expect(await page.context().cookies(app.origin)).toEqual([]);
    });
  });
});

function portalHost(index: number): string {
  return new URL(app.emulator.portals[index]?.origin ?? '').host;
}

/** Somebody goes as far as the portal's redirect back to us, and keeps its address for others to open. */
async function callbackOf(page: Page): Promise<string> {
  await page.goto(loginAddress(app));
  const authorize = page.url();
  await page.request.post(authorize, { form: { login: 'admin', password: 'demo' }, maxRedirects: 0 });
  const redirect = await page.request.get(authorize, { maxRedirects: 0 });
  return redirect.headers().location ?? '';
}
