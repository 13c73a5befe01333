import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { launchChromium } from './chromium.ts';

/**
 * `npm run screenshots [folder]`: every page of the running demo, wide and narrow, light and dark, in both languages, into
 * docs/images. Those that the README shows are kept in the repository. Start `npm run demo` first.
 */
const APP = process.env.PUBLIC_URL ?? 'http://localhost:8050';
const folder = process.argv[2] ?? join(import.meta.dirname, '../../docs/images');
mkdirSync(folder, { recursive: true });

/** What is looked at: where it is, and what is done there first. */
const PAGES: { name: string; path: string; prepare?: (page: Page) => Promise<void>; isWhole?: boolean }[] = [
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
  { name: 'exports', path: '/companies?type=CUSTOMER', prepare: exportBoth },
  { name: 'account', path: '/account', isWhole: true },
];

const browser = await launchChromium();
for (const language of ['en', 'ru'] as const) {
  const context = await browser.newContext({ locale: language, reducedMotion: 'reduce' });
  const page = await context.newPage();
  await page.goto(APP);
  await shootAll(page, 'sign-in', language, true);
  // The portal of the same language.
  await page
    .locator('.portals a')
    .nth(language === 'ru' ? 0 : 1)
    .click();
  await page.locator('.choices button').first().click();
  await page.waitForURL(`${APP}/companies`);
  for (const { name, path, prepare, isWhole = false } of PAGES) {
    await page.goto(APP + path);
    await prepare?.(page);
    await shootAll(page, name, language, isWhole);
  }
  await context.close();
}
await browser.close();
console.log(folder);

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
