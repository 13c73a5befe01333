import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { launchChromium } from './chromium.ts';

/**
 * `npm run screenshots [folder]`: every page of the demo, wide and narrow, light and dark, in both languages and on paper,
 * into docs/images. Those that the README shows are kept in the repository. Starts the demo where none is running.
 */
const APP = process.env.PUBLIC_URL ?? 'http://localhost:8050';
const ROOT = join(import.meta.dirname, '../..');
const folder = process.argv[2] ?? join(ROOT, 'docs/images');
mkdirSync(folder, { recursive: true });

/** What is looked at: where it is, and what is done there first. */
interface Sight {
  name: string;
  path: string;
  prepare?: (page: Page) => Promise<void>;
  /** All of it, however long. */
  isWhole?: boolean;
}

const VISITOR: Sight[] = [{ name: 'sign-in', path: '/', isWhole: true }];
const PAGES: Sight[] = [
  { name: 'list', path: '/companies' },
  {
    name: 'filters',
    path: '/companies?type=CUSTOMER,PARTNER&created_from=2025-01-01&has_phone=yes&sort=revenue',
    prepare: (page) => page.locator('.filters > summary').click(),
  },
  { name: 'views', path: '/companies', prepare: (page) => page.locator('.views > summary').click() },
  { name: 'columns', path: '/companies', prepare: (page) => page.locator('.columns > summary').click() },
  { name: 'keys', path: '/companies', prepare: (page) => page.keyboard.press('?') },
  { name: 'awkward', path: '/companies?sort=id&order=asc', isWhole: true },
  { name: 'card', path: '/companies', prepare: openFirst, isWhole: true },
  { name: 'awkward-card', path: '/companies?sort=id&order=asc', prepare: openFirst, isWhole: true },
  { name: 'nothing-found', path: '/companies?q=zzzzzz' },
  { name: 'not-found', path: '/companies/999999999' },
  { name: 'overview', path: '/overview', prepare: untilCounted, isWhole: true },
  { name: 'no-exports', path: '/exports' },
  { name: 'exports', path: '/companies?type=CUSTOMER', prepare: exportBoth },
  { name: 'account', path: '/account', isWhole: true },
  { name: 'account-add', path: '/account/add', isWhole: true },
  { name: 'signed-out', path: '/account', prepare: signOut },
];
/** Of somebody without the right to read companies, or without any company of their own. */
const LITTLE: Sight[] = [
  { name: 'little-list', path: '/companies' },
  { name: 'little-overview', path: '/overview' },
];

const demo = (await isThere()) ? undefined : await startDemo();
const browser = await launchChromium();
try {
  // The portal of the same language; the first of its people may do everything, the last next to nothing.
  for (const [language, portal] of [
    ['en', 1],
    ['ru', 0],
  ] as const) {
    await look(language, VISITOR);
    await look(language, PAGES, { portal, person: 0 });
    await look(language, LITTLE, { portal, person: 2 });
  }
} finally {
  await browser.close();
  // The whole group: npm has started it.
  if (demo?.pid) process.kill(-demo.pid);
}
console.log(folder);

async function look(
  language: string,
  sights: Sight[],
  who?: { portal: number; person: number },
): Promise<void> {
  const context = await browser.newContext({ locale: language, reducedMotion: 'reduce' });
  const page = await context.newPage();
  if (who) {
    await page.goto(APP);
    await page.locator('.portals a').nth(who.portal).click();
    await page.locator('.choices button').nth(who.person).click();
    await page.waitForURL(`${APP}/companies`);
  }
  for (const { name, path, prepare, isWhole = false } of sights) {
    await page.goto(APP + path);
    await prepare?.(page);
    await shootAll(page, name, language, isWhole);
  }
  await context.close();
}

async function shootAll(page: Page, name: string, language: string, isWhole: boolean): Promise<void> {
  for (const [width, height] of [
    [1440, 900],
    [390, 844],
  ] as const) {
    await page.setViewportSize({ width, height });
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      const path = join(folder, `${name}-${width}-${colorScheme}-${language}.png`);
      await page.screenshot({ path, fullPage: isWhole });
    }
  }
  // As wide as A4 is between its margins; printers know no dark.
  await page.setViewportSize({ width: 718, height: 1_000 });
  await page.emulateMedia({ media: 'print', colorScheme: 'light' });
  await page.screenshot({ path: join(folder, `${name}-print-${language}.png`), fullPage: isWhole });
  await page.emulateMedia({ media: 'screen' });
}

function isThere(): Promise<boolean> {
  return fetch(`${APP}/healthz`).then(
    ({ ok }) => ok,
    () => false,
  );
}

async function startDemo(): Promise<ChildProcess> {
  const child = spawn('npm', ['run', '--silent', 'demo'], { cwd: ROOT, detached: true, stdio: 'ignore' });
  while (!(await isThere())) {
    if (child.exitCode !== null) throw new Error('the demo did not start; see what `npm run demo` says');
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return child;
}

async function signOut(page: Page): Promise<void> {
  await page.locator('form[action="/logout"] button').first().click();
  await page.waitForLoadState();
}

async function openFirst(page: Page): Promise<void> {
  await page.locator('tbody .col-title a').first().click();
  await page.waitForLoadState();
}

/** The page reloads itself until the numbers are there. */
async function untilCounted(page: Page): Promise<void> {
  await page.locator('.plots:not([aria-busy])').waitFor();
}

async function exportBoth(page: Page): Promise<void> {
  for (const format of ['csv', 'xlsx']) {
    await page.goto(`${APP}/companies?type=CUSTOMER`);
    await page.locator('.export > summary').click();
    await page.locator(`.export button[value="${format}"]`).click();
  }
  await page.locator('[data-state="done"]').nth(1).waitFor();
}
