import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import {
  follow,
  heading,
  signIn,
  startOtherSite,
  useChromium,
  watchDestinations,
  watchTrouble,
} from '../support/browser-journeys.ts';
import { aPortal } from '../support/builders.ts';
import { freePort } from '../support/redis-server.ts';
import { startApp, type TestApp } from '../support/start-app.ts';

const { newVisitor } = useChromium();
let app: TestApp;
beforeAll(async () => {
  // The portals' port has to be known beforehand, to list a portal beside a region.
  const portalPort = await freePort();
  app = await startApp({
    emulator: { portalPort, portals: [aPortal({ host: 'localhost' })] },
    portals: `http://localhost:${portalPort},*.bitrix24.example.com`,
  });
});
afterAll(() => app.stop());

describe('the content security policy', () => {
  describe('when somebody visits every page', () => {
    it('stops nothing, and the console stays empty', async () => {
      const page = await newVisitor();
      const trouble = await watchTrouble(page, app.origin);

      await page.goto(app.origin);
      await follow(page.getByRole('link', { name: 'Sign in with' }));
      await follow(page.locator('button[data-login="admin"]'));
      await follow(page.getByRole('link', { name: 'Beta' }));
      await follow(page.getByRole('button', { name: 'RU' }));
      await follow(page.getByRole('button', { name: 'EN' }));
      await follow(page.getByRole('link', { name: 'All companies' }));
      await page.goto(`${app.origin}/companies?q=nothing`);
      await page.goto(`${app.origin}/companies?page=7`);
      await page.goto(`${app.origin}/companies?page=seven`);
      await page.goto(`${app.origin}/companies/999999`);
      await page.goto(`${app.origin}/no-such-page`);
      await follow(page.getByRole('button', { name: 'Sign out' }));
      await page.goto(`${app.origin}/bitrix?state=unknown&code=unknown`);

      expect(await heading(page)).toBe('This sign-in cannot be finished');
      expect(trouble).toEqual([]);
    });
  });

  describe('when a page is inlined with what does not belong there', () => {
    it('stops a script', async () => {
      const page = await newVisitor();
      const trouble = await watchTrouble(page, app.origin);
      await page.goto(app.origin);

      await page.evaluate(`document.body.innerHTML += '<img src="x" onerror="alert(1)">'`);
      await page.evaluate(`new Promise((resolve) => {
        const image = document.images[document.images.length - 1];
        if (image.complete) resolve();
        else image.addEventListener('error', resolve);
      })`);

      expect(trouble).toContainEqual(expect.stringContaining('policy: script-src-attr inline'));
      expect(trouble).not.toContainEqual(expect.stringContaining('dialog'));
    });
  });

  describe('when the address of a portal is typed', () => {
    it('lets the form lead to a listed portal and back', async () => {
      const page = await newVisitor();
      const trouble = await watchTrouble(page, app.origin);
      await page.goto(`${app.origin}/companies/2`);
      await page.getByLabel('Portal address').fill(`${portalOrigin()}/company/personal/`);

      await follow(page.getByRole('button', { name: 'Continue' }));
      await follow(page.locator('button[data-login="admin"]'));

      expect(page.url()).toBe(`${app.origin}/companies/2`);
      expect(trouble).toEqual([]);
    });

    it('lets the form lead to a portal of an allowed region', async () => {
      const page = await newVisitor();
      const trouble = await watchTrouble(page, app.origin);
      const destinations = watchDestinations(page);
      await page.goto(app.origin);
      await page.getByLabel('Portal address').fill('acme.bitrix24.example.com');
      const departure = page.waitForEvent('requestfailed');

      await page.getByRole('button', { name: 'Continue' }).click();

      expect((await departure).url()).toMatch(/^https:\/\/acme\.bitrix24\.example\.com\/oauth\/authorize\//);
      expect([...destinations]).toEqual([app.origin, 'https://acme.bitrix24.example.com']);
      expect(trouble).toEqual([]);
    });

    it('lets it lead nowhere else', async () => {
      const page = await newVisitor();
      const destinations = watchDestinations(page);
      await page.goto(app.origin);
      await page.getByLabel('Portal address').fill('bitrix24.example.com.evil.example');

      await follow(page.getByRole('button', { name: 'Continue' }));

      expect(await heading(page)).toBe('This portal may not sign in here');
      expect([...destinations]).toEqual([app.origin]);
    });
  });
});

describe('frames', () => {
  describe('when a page of somebody else frames the list', () => {
    it('stay empty', async () => {
      const port = await startOtherSite(`<!doctype html><iframe src="${app.origin}/companies"></iframe>`);
      const page = await newVisitor();
      await signIn(page, app);

      await page.goto(`http://127.0.0.1:${port}/`);

      const frame = page.frames()[1];
      expect(await frame?.locator('body').innerText()).not.toMatch(/Alpha|Ada Admin/);
      expect(frame?.url()).toBe('chrome-error://chromewebdata/');
    });
  });

  describe('when the portal opens the application', () => {
    it('show a link that opens it in a tab of its own', async () => {
      const page = await newVisitor();
      await signIn(page, app);
      await openInPortal(page);
      const newTab = page.waitForEvent('popup');

      await page.frameLocator('iframe').getByRole('link', { name: 'Open Companies' }).click();

      const tab = await newTab;
      await tab.waitForURL(`${app.origin}/companies`);
      expect(await tab.locator('.person-name').innerText()).toBe('Ada Admin');
    });
  });

  describe('when a page of somebody else opens the application as a portal does', () => {
    it('stay empty', async () => {
      const port = await startOtherSite(portalFrame());
      const page = await newVisitor();
      await page.goto(`http://127.0.0.1:${port}/`);
      const refusal = page.waitForEvent('requestfailed');

      await page.getByRole('button').click();

      expect((await refusal).url()).toBe(`${app.origin}/bitrix`);
      expect((await refusal).failure()?.errorText).toBe('net::ERR_BLOCKED_BY_RESPONSE');
    });
  });
});

function portalOrigin(): string {
  return app.emulator.portals[0]?.origin ?? '';
}

/** A page of the portal that posts to us from a frame (protocol 8.1). */
async function openInPortal(page: Page): Promise<void> {
  await page.goto(`${portalOrigin()}/`);
  await page.setContent(portalFrame());
  await page.getByRole('button').click();
}

function portalFrame(): string {
  return `<!doctype html><iframe name="application"></iframe>
<form method="post" action="${app.origin}/bitrix" target="application">
<input name="AUTH_ID" value="anything"><button>Open</button></form>`;
}
