import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { address, follow, heading, useChromium, watchTrouble } from '../support/browser-journeys.ts';
import { aCompany, aPortal } from '../support/builders.ts';
import { type Neighbour, startNeighbour } from '../support/neighbour.ts';
import { type Nginx, startNginx } from '../support/nginx.ts';
import { freePort } from '../support/redis-server.ts';
import { startApp, type TestApp } from '../support/start-app.ts';

const SNIPPET = 'ops/nginx/sub-path.conf';

const { newVisitor } = useChromium();
let host: string;
let app: TestApp;
let otherApplication: Neighbour;
let nginx: Nginx;
beforeAll(async () => {
  const companies = Array.from({ length: 120 }, (_, index) =>
    aCompany({ ID: String(index + 1), TITLE: `Company ${index + 1}` }),
  );
  const port = await freePort();
  host = `http://localhost:${port}`;
  app = await startApp({
    publicUrl: `${host}/companies-app`,
    emulator: { portals: [aPortal({ companies })] },
  });
  app.emulator.registerClient({ ...app.client, redirectUri: `${host}/companies-app/bitrix` });
  otherApplication = await startNeighbour((_req, res) => void res.end('another application'));
  nginx = await startNginx(
    port,
    `${readFileSync(SNIPPET, 'utf8').replaceAll('127.0.0.1:8050', new URL(app.origin).host)}
    location / { proxy_pass ${otherApplication.url.origin}; }`,
  );
});
afterAll(async () => {
  await nginx.stop();
  await otherApplication.stop();
  await app.stop();
});

describe('below a path of a host with another application, behind nginx as documented', () => {
  it('a manager signs in, searches, opens a card, changes the language, exports, and signs out', async () => {
    const page = await newVisitor();
    const trouble = await watchTrouble(page, host);

    await page.goto(`${host}/companies-app`);
    await follow(page.getByRole('link', { name: /^Sign in with/ }));
    await follow(page.locator('button[data-login="admin"]'));
    expect(address(page)).toBe('/companies-app/companies');

    await page.getByRole('searchbox').fill('Company 11');
    await Promise.all([page.waitForEvent('load'), page.keyboard.press('Enter')]);
    expect(address(page)).toBe('/companies-app/companies?q=Company+11');

    await follow(page.getByRole('link', { name: 'Company 117' }));
    expect(address(page)).toMatch(/^\/companies-app\/companies\/117\?from=/);
    await follow(page.locator('.languages button[value="ru"]'));
    expect(address(page)).toMatch(/^\/companies-app\/companies\/117\?from=/);
    await follow(page.locator('.languages button[value="en"]'));
    await page.goBack();
    await follow(page.locator('a[data-key="Escape"]'));
    expect(address(page)).toBe('/companies-app/companies?q=Company+11');

    expect(await exportIsWatched(page)).toBe(true);

    await page.goto(`${host}/companies-app/companies`);
    await follow(page.getByRole('button', { name: 'Sign out' }));
    expect(address(page)).toBe('/companies-app/');
    expect(trouble).toEqual([]);
  });

  it('the other application gets none of our cookies, and its pages are its own', async () => {
    const page = await newVisitor();
    await page.goto(`${host}/companies-app/login`);
    await follow(page.locator('button[data-login="admin"]'));

    await page.goto(`${host}/companies`);

    expect(await page.content()).toContain('another application');
    // The emulator is on the same host, and its cookie is for the whole host.
    const cookies = String(otherApplication.requests.at(-1)?.headers.cookie ?? '').split('; ');
    expect(cookies.filter((each) => !each.startsWith('emulator_'))).toEqual([]);
  });

  it('an error page stays below it, and leads back into it', async () => {
    const page = await newVisitor();
    await page.goto(`${host}/companies-app/login`);
    await follow(page.locator('button[data-login="admin"]'));
    await page.goto(`${host}/companies-app/companies/999999`);

    expect(await heading(page)).toBe('There is nothing here');
    await follow(page.locator('main a.button'));

    expect(address(page)).toBe('/companies-app/companies');
  });
});

/** Events of the server bring the page up to date: it is not loaded anew. */
async function exportIsWatched(page: Page): Promise<boolean> {
  await page.goto(`${host}/companies-app/companies`);
  await page.locator('details.export summary').click();
  await page.locator('button[name="format"][value="csv"]').click();
  await page.waitForURL(`${host}/companies-app/exports`);
  await page.evaluate('document.body.dataset.same = "yes"');
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: 'Download' }).click({ timeout: 20_000 }),
  ]);
  expect(download.url()).toMatch(new RegExp(`^${host}/companies-app/exports/[^/]+/file$`));
  return (await page.evaluate('document.body.dataset.same')) === 'yes';
}
