import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import {
  address,
  follow,
  heading,
  signIn,
  startOtherSite,
  useChromium,
  watchDestinations,
} from '../support/browser-journeys.ts';
import { startApp, type TestApp } from '../support/start-app.ts';

const COMPANY_DATA = /Alpha|Beta|Gamma|Ada Admin/;

const { newVisitor } = useChromium();
let app: TestApp;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());

describe('signing out', () => {
  describe('when the button is clicked', () => {
    it('ends at the sign-in page, and tells that Bitrix24 itself is still signed in', async () => {
      const page = await newVisitor();
      await signIn(page, app);

      await follow(page.getByRole('button', { name: 'Sign out' }));

      expect(page.url()).toBe(`${app.origin}/`);
      expect(await page.getByRole('status').innerText()).toContain('Bitrix24 itself is still signed in');
      expect(await page.locator('body').innerText()).not.toMatch(COMPANY_DATA);
    });

    it('offers a link to the portal, where that is so', async () => {
      const page = await newVisitor();
      await signIn(page, app);
      await follow(page.getByRole('button', { name: 'Sign out' }));

      await follow(page.getByRole('status').getByRole('link'));

      expect(page.url()).toBe(`${portalOrigin()}/`);
      expect(await page.locator('main').innerText()).toContain('Signed in as Ada Admin');
    });
  });

  describe('when the back button is pressed afterwards', () => {
    it('shows no company, although Bitrix24 would let this person in again', async () => {
      const page = await newVisitor();
      await signIn(page, app);
      await follow(page.getByRole('link', { name: 'Beta' }));
      await follow(page.getByRole('button', { name: 'Sign out' }));

      await page.goBack();

      expect(await page.locator('body').innerText()).not.toMatch(COMPANY_DATA);
    });

    it('asks to sign in, when the portal was signed out of as well', async () => {
      const page = await newVisitor();
      await signIn(page, app);
      await follow(page.getByRole('button', { name: 'Sign out' }));
      await page.request.post(`${portalOrigin()}/logout/`);

      await page.goBack();

      expect(await page.locator('body').innerText()).not.toMatch(/Alpha|Beta|Gamma/);
      expect(await page.locator('body').innerText()).toContain('Sign in');
    });

    it('shows nothing the browser has kept', async () => {
      const page = await newVisitor();
      await signIn(page, app);
      await follow(page.getByRole('link', { name: 'Beta' }));
      await follow(page.getByRole('button', { name: 'Sign out' }));

      await goBackWithoutNetwork(page);

      expect(await page.locator('body').innerText()).not.toMatch(COMPANY_DATA);
    });

    it('shows nothing kept for a tab that was elsewhere when another one signed out', async () => {
      const page = await newVisitor();
      await signIn(page, app);
      const other = await page.context().newPage();
      await page.goto(portalOrigin());
      await other.goto(`${app.origin}/companies`);
      await follow(other.getByRole('button', { name: 'Sign out' }));

      await goBackWithoutNetwork(page);

      expect(await page.locator('body').innerText()).not.toMatch(COMPANY_DATA);
    });
  });

  describe('when the person signs in again', () => {
    it('takes one click and no password', async () => {
      const page = await newVisitor();
      await signIn(page, app);
      await follow(page.getByRole('button', { name: 'Sign out' }));

      await follow(page.getByRole('link', { name: 'Sign in with' }));

      expect(address(page)).toBe('/companies');
      expect(await page.locator('.person-name').innerText()).toBe('Ada Admin');
    });
  });

  describe('when a page of somebody else posts the form', () => {
    it.each([
      ['another port of this host', '127.0.0.1'],
      ['another host', 'localhost'],
    ])('from %s is refused with 403', async (_case, host) => {
      const page = await newVisitor();
      await signIn(page, app);
      const port = await startOtherSite(selfPostingForm(`${app.origin}/logout`));
      const refusal = page.waitForResponse(`${app.origin}/logout`);

      await page.goto(`http://${host}:${port}/`);

      expect((await refusal).status()).toBe(403);
      await page.waitForURL(`${app.origin}/logout`);
      expect(await heading(page)).toBe('This did not come from our page');
    });

    it.each([
      ['another port of this host', '127.0.0.1'],
      ['another host', 'localhost'],
    ])('from %s leaves the person signed in, without another trip to the portal', async (_case, host) => {
      const page = await newVisitor();
      await signIn(page, app);
      const port = await startOtherSite(selfPostingForm(`${app.origin}/logout`));
      await page.goto(`http://${host}:${port}/`);
      await page.waitForURL(`${app.origin}/logout`);
      const destinations = watchDestinations(page);

      await follow(page.getByRole('link', { name: 'To the companies' }));

      expect(await page.locator('.person-name').innerText()).toBe('Ada Admin');
      expect([...destinations]).toEqual([app.origin]);
    });
  });
});

function portalOrigin(): string {
  return app.emulator.portals[0]?.origin ?? '';
}

/** The back button where only what the browser has kept can show. */
async function goBackWithoutNetwork(page: Page): Promise<void> {
  await page.context().setOffline(true);
  await page.goBack().catch(() => undefined);
}

function selfPostingForm(action: string): string {
  return `<!doctype html><form method="post" action="${action}"><input name="forget" value="1"></form>
<script>document.forms[0].submit()</script>`;
}
