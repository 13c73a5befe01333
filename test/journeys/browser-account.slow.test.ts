import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import {
  address,
  follow,
  heading,
  NARROW,
  rememberSignIn,
  sidewaysScroll,
  signIn,
  titles,
  useChromium,
  watchTrouble,
} from '../support/browser-journeys.ts';
import { aCompany, aPortal, aUser } from '../support/builders.ts';
import { startApp, type TestApp } from '../support/start-app.ts';

const LONG_NAME = 'Konstantinopolska-Preobrazhenska '.repeat(5);

const { newVisitor } = useChromium();
let app: TestApp;
beforeAll(async () => {
  app = await startApp({
    emulator: {
      portals: [
        aPortal(),
        aPortal({
          host: '127.0.0.2',
          users: [aUser({ id: 1, login: 'admin', name: LONG_NAME, lastName: '<b>Other</b>', crm: 'all' })],
          companies: [aCompany({ ID: '1', TITLE: 'Of the other portal' })],
        }),
      ],
    },
  });
});
afterAll(() => app.stop());

describe('the account', () => {
  describe('when the name at the top is clicked', () => {
    it('shows who is signed in and with which rights', async () => {
      const page = await newVisitor();
      await signIn(page, app);

      await follow(page.locator('.bar .person'));

      expect(address(page)).toBe('/account');
      expect(await heading(page)).toBe('Ada Admin');
      expect(await page.locator('main').innerText()).toMatch(/Portal administrator\s+Yes/);
    });
  });

  describe('with a second portal', () => {
    it('is reached from the page, keeps the first, and switches back from the menu without a script', async () => {
      const page = await newVisitor({ javaScriptEnabled: false });
      await signIn(page, app, { path: '/account' });
      await page.getByRole('link', { name: 'Sign in to another portal' }).click();
      await page.getByRole('link', { name: '127.0.0.2' }).click();
      await page.getByRole('button', { name: 'Konstantinopolska' }).click();
      await page.waitForURL(`${app.origin}/account`);
      await page.goto(`${app.origin}/companies`);
      const there = await titles(page);

      await page.locator('.people-menu summary').click();
      await page.getByRole('button', { name: 'Ada Admin' }).click();
      await page.waitForURL(`${app.origin}/companies`);

      expect(there).toEqual(['Of the other portal']);
      expect(await titles(page)).toEqual(['Gamma', 'Beta', 'Alpha']);
      expect(await page.locator('.people-menu > summary .person-name').innerText()).toBe('Ada Admin');
    });

    it.each([
      ['wide', {}],
      ['narrow', { viewport: NARROW }],
    ])('keeps within a %s window, whatever people are called, and runs nothing', async (_case, options) => {
      const page = await newVisitor(options);
      const trouble = await watchTrouble(page, app.origin);
      await signIn(page, app);
      await signIn(page, app, { portal: 1, path: '/account' });

      await page.locator('.people-menu summary').click();

      expect(await sidewaysScroll(page)).toBe(0);
      expect(trouble).toEqual([]);
    });
  });

  describe('with another browser', () => {
    it('signs it out: its next page asks who it shall be', async () => {
      const [here, other] = [await newVisitor(), await newVisitor()];
      await rememberSignIn(here, app, { login: 'manager' });
      await rememberSignIn(other, app, { login: 'manager' });
      await here.goto(`${app.origin}/account`);

      await follow(here.locator('#browsers').getByRole('button', { name: 'Sign out' }));
      await other.reload();

      expect(await here.locator('#browsers .row').count()).toBe(1);
      expect(await other.getByRole('status').innerText()).toContain('You were signed out of this browser');
      expect(await bodyText(other)).not.toMatch(/Beta|Max Manager/);
    });

    it('signs out everywhere, after one more look at what that means', async () => {
      const [here, other] = [await newVisitor(), await newVisitor()];
      await rememberSignIn(here, app, { login: 'manager' });
      await rememberSignIn(other, app, { login: 'manager' });
      await here.goto(`${app.origin}/account`);
      const action = here.getByRole('button', { name: 'Sign out everywhere' });
      const wasHidden = await action.isHidden();

      await here.getByText('Sign out everywhere…').click();
      await follow(action);
      await other.reload();

      expect(wasHidden).toBe(true);
      expect(address(here)).toBe('/');
      expect(await bodyText(other)).not.toMatch(/Beta|Max Manager/);
    });
  });
});

function bodyText(page: Page): Promise<string> {
  return page.locator('body').innerText();
}
