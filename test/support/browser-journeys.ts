import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll } from '@jest/globals';
import type { Browser, BrowserContext, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { launchChromium } from './chromium.ts';
import type { TestApp } from './start-app.ts';

export const WIDE = { width: 1440, height: 900 };
export const NARROW = { width: 390, height: 844 };

/** Whatever is not on this machine does not exist, so a page that leads elsewhere fails to get there. */
const THIS_MACHINE_ONLY = '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.*';

export interface Visitors {
  /** The first tab of somebody whose browser remembers nothing. */
  newVisitor(options?: BrowserContextOptions): Promise<Page>;
}

/** One Chromium for the tests of a file; each visitor has cookies of their own and leaves when the test ends. */
export function useChromium(): Visitors {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium([THIS_MACHINE_ONLY]);
  });
  afterEach(async () => {
    await Promise.all(browser.contexts().map((context) => context.close()));
    stopOtherSites();
  });
  afterAll(() => browser.close());
  return {
    async newVisitor(options = {}) {
      const context = await browser.newContext({ viewport: WIDE, locale: 'en-GB', ...options });
      // Nothing that works waits so long; on a machine with other things to do, everything is late at times.
      context.setDefaultTimeout(20_000);
      return context.newPage();
    },
  };
}

/**
 * Signs in and opens `path`. What a browser would send goes out, but no page is drawn on the way: the forms are the
 * business of browser-sign-in.test.ts.
 */
export async function signIn(
  page: Page,
  app: TestApp,
  { login = 'admin', portal = 0, path = '/companies' } = {},
): Promise<void> {
  const form = await page.request.get(loginAddress(app, { portal, path }));
  await page.request.post(form.url(), { form: { login, password: 'demo' } });
  await page.goto(app.origin + path);
}

/** What a browser remembers of somebody who has signed in; visitors who only look around begin with it. */
export async function rememberSignIn(
  page: Page,
  app: TestApp,
  who: { login?: string; portal?: number } = {},
): Promise<Remembered> {
  await signIn(page, app, who);
  return page.context().storageState();
}

export type Remembered = Awaited<ReturnType<BrowserContext['storageState']>>;

export function loginAddress(app: TestApp, { portal = 0, path = '/companies' } = {}): string {
  const origin = app.emulator.portals[portal]?.origin ?? '';
  return `${app.origin}/login?portal=${encodeURIComponent(origin)}&returnTo=${encodeURIComponent(path)}`;
}

/** Clicks what leads to another page, and waits until that is there. */
export async function follow(element: Locator): Promise<void> {
  await Promise.all([element.page().waitForEvent('load'), element.click()]);
}

/** Path and query of the address bar. */
export function address(page: Page): string {
  const { pathname, search } = new URL(page.url());
  return pathname + search;
}

/** The parameters in the address bar. */
export function query(page: Page): Record<string, string> {
  return Object.fromEntries(new URL(page.url()).searchParams);
}

export function heading(page: Page): Promise<string> {
  return page.locator('h1').innerText();
}

/** The titles in the list, letter by letter. */
export function titles(page: Page): Promise<string[]> {
  return page.locator('tbody .col-title bdi').allTextContents();
}

/** How far the page can be scrolled sideways, in pixels. */
export function sidewaysScroll(page: Page): Promise<number> {
  return page.evaluate<number>('Math.max(0, document.documentElement.scrollWidth - innerWidth)');
}

/** Origins of all pages the browser sets out for from now on, each once; ours among them. */
export function watchDestinations(page: Page): Set<string> {
  const origins = new Set<string>();
  page.context().on('request', (request) => {
    if (request.isNavigationRequest()) origins.add(new URL(request.url()).origin);
  });
  return origins;
}

/**
 * Collects from now on whatever a page of ours should never do: errors and warnings in the console, things its
 * Content-Security-Policy had to stop, and dialogs, which only foreign scripts open.
 */
export async function watchTrouble(page: Page, ourOrigin: string): Promise<string[]> {
  const context = page.context();
  const trouble: string[] = [];
  const pages = watchPages(context);
  context.on('console', (message) => {
    const { url } = message.location();
    // Chromium notes it as an error that an error page has the status of one.
    const isStatusOfPage = pages.has(url) && message.text().startsWith('Failed to load resource: the server');
    const isOurs = url === '' || new URL(url).origin === ourOrigin;
    if (isOurs && !isStatusOfPage && /^(error|warning|assert)$/.test(message.type()))
      trouble.push(`${message.type()}: ${message.text()} (${url})`);
  });
  context.on('weberror', (error) => trouble.push(`script: ${error.error().message}`));
  context.on('dialog', async (dialog) => {
    trouble.push(`dialog: ${dialog.message()}`);
    await dialog.dismiss();
  });
  await context.exposeBinding('noteViolation', (_source, text: string) => trouble.push(`policy: ${text}`));
  await context.addInitScript(`addEventListener('securitypolicyviolation', (event) => {
    noteViolation(event.violatedDirective + ' ' + event.blockedURI + ' on ' + location.href);
  });`);
  return trouble;
}

function watchPages(context: BrowserContext): Set<string> {
  const pages = new Set<string>();
  context.on('request', (request) => {
    if (request.isNavigationRequest()) pages.add(request.url());
  });
  return pages;
}

/** Sites of somebody else that run for the test at hand. */
const otherSites: Server[] = [];

/**
 * A site of somebody else on this machine, with one page, until the test ends.
 *
 * @returns  its port; `127.0.0.1` and `localhost` lead there, which are two sites to a browser
 */
export async function startOtherSite(html: string): Promise<number> {
  const server = createServer((_req, res) => {
    res.setHeader('Content-Type', 'text/html; charset=utf-8');
    res.end(html);
  });
  otherSites.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

function stopOtherSites(): void {
  for (const server of otherSites.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
}
