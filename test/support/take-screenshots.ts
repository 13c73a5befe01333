import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { launchChromium } from './chromium.ts';

/**
 * `npm run screenshots [folder]`: every page of the running demo, wide and narrow, light and dark, in both languages.
 * Start `npm run demo` first.
 */
const APP = process.env.PUBLIC_URL ?? 'http://localhost:8050';
const folder = process.argv[2] ?? join(import.meta.dirname, '../../.test-output/screenshots');
mkdirSync(folder, { recursive: true });

const browser = await launchChromium();
for (const [width, height] of [
  [1440, 900],
  [390, 844],
] as const) {
  for (const scheme of ['light', 'dark'] as const) {
    for (const language of ['en', 'ru'] as const) {
      const context = await browser.newContext({
        viewport: { width, height },
        colorScheme: scheme,
        locale: language,
      });
      const page = await context.newPage();
      const shoot = (name: string) =>
        page.screenshot({
          path: join(folder, `${name}-${width}-${scheme}-${language}.png`),
          fullPage: name !== 'list',
        });
      await page.goto(APP);
      await shoot('sign-in');
      await signIn(page, language === 'ru' ? 0 : 1);
      await shoot('list');
      await page.goto(`${APP}/companies?sort=id&order=asc`);
      await shoot('list-full');
      await page.locator('tbody .col-title a').first().click();
      await shoot('card');
      await page.goto(`${APP}/companies?q=zzzzzz`);
      await shoot('nothing-found');
      await page.goto(`${APP}/companies/999999999`);
      await shoot('not-found');
      await page.goto(`${APP}/account`);
      await shoot('account');
      await context.close();
    }
  }
}
await browser.close();
console.log(folder);

async function signIn(page: Page, portal: number): Promise<void> {
  await page.locator('.portals a').nth(portal).click();
  await page.locator('.choices button').first().click();
  await page.waitForURL(`${APP}/companies`);
}
