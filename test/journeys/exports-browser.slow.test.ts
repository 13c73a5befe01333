import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import type { OrderedFault } from '../../emulator/index.ts';
import { NARROW, sidewaysScroll, signIn, useChromium, watchTrouble } from '../support/browser-journeys.ts';
import { aCompany, aPortal } from '../support/builders.ts';
import { startApp, type TestApp } from '../support/start-app.ts';

const { newVisitor } = useChromium();
let app: TestApp;
beforeEach(async () => {
  const companies = Array.from({ length: 120 }, (_, index) =>
    aCompany({ ID: String(index + 1), TITLE: index === 0 ? '=1+1' : `Company ${index}` }),
  );
  app = await startApp({ emulator: { portals: [aPortal({ companies })] } });
});
afterEach(() => app.stop());

describe('somebody who exports a list', () => {
  it('watches it being made without the page being loaded anew, and downloads it', async () => {
    const page = await newVisitor();
    const trouble = await watchTrouble(page, app.origin);
    await signIn(page, app, { path: '/companies?q=company' });
    const held = holdPortal();

    await exportAs(page, 'csv');
    await page.evaluate('document.body.dataset.same = "yes"');
    await page.getByText('Reading from Bitrix24').waitFor();
    held.release();
    await page.getByText('Ready', { exact: true }).waitFor({ timeout: 10_000 });

    expect(await page.evaluate('document.body.dataset.same')).toBe('yes');
    expect(await page.locator('[role="status"]#export-news').textContent()).toMatch(/company.*: Ready$/);
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'Download' }).click(),
    ]);
    expect(download.suggestedFilename()).toMatch(/^Companies .*company.* \d{4}-\d\d-\d\d\.csv$/);
    expect(
      readFileSync(await download.path(), 'utf8')
        .trim()
        .split('\r\n').length,
    ).toBe(120);
    expect(trouble).toEqual([]);
  });

  it('sees how far it is as it goes', async () => {
    const page = await newVisitor();
    await signIn(page, app);
    // The first page comes and is counted; the rest has to wait.
    app.emulator.orderFault({ on: 'rest', effect: { type: 'delay', ms: 0, when: 'before' }, times: 2 });
    const held = holdPortal();

    await exportAs(page, 'xlsx');
    await page.getByText('50 of 120 companies').waitFor({ timeout: 10_000 });

    expect(await page.getByRole('progressbar').getAttribute('value')).toMatch(/^0\.41/);
    held.release();
    await page.getByText('Ready', { exact: true }).waitFor({ timeout: 10_000 });
    expect(await page.getByRole('progressbar').count()).toBe(0);
  });

  it('cancels it with the keyboard, and stays where they were', async () => {
    const page = await newVisitor();
    await signIn(page, app);
    const held = holdPortal();
    await exportAs(page, 'csv');
    await page.getByRole('button', { name: 'Cancel' }).focus();

    await page.keyboard.press('Enter');
    await page.getByText('Cancelled').waitFor();
    await page.getByRole('button', { name: 'Forget' }).click();

    await page.getByText('No exports yet').waitFor();
    held.release();
  });

  it('who was on a button that goes is at its export afterwards', async () => {
    const page = await newVisitor();
    await signIn(page, app);
    const held = holdPortal();
    await exportAs(page, 'csv');
    await page.getByRole('button', { name: 'Cancel' }).focus();

    held.release();
    await page.getByText('Ready', { exact: true }).waitFor({ timeout: 10_000 });

    expect(await page.evaluate('document.activeElement.tagName')).toBe('H2');
  });

  it('without scripts sees it get ready all the same', async () => {
    const page = await newVisitor({ javaScriptEnabled: false });
    await signIn(page, app);
    const held = holdPortal();
    await exportAs(page, 'csv');
    await page.locator('progress').waitFor();

    held.release();
    await page.getByText('Ready', { exact: true }).waitFor({ timeout: 15_000 });

    expect(await page.getByRole('link', { name: 'Download' }).count()).toBe(1);
  });

  it('on a small screen does not have to scroll sideways', async () => {
    const page = await newVisitor({ viewport: NARROW });
    await signIn(page, app, { path: `/companies?q=${'W'.repeat(200)}` });

    await exportAs(page, 'csv');
    await page.getByText('Ready', { exact: true }).waitFor({ timeout: 10_000 });

    expect(await sidewaysScroll(page)).toBe(0);
  });
});

function holdPortal(): OrderedFault {
  return app.emulator.orderFault({
    on: 'rest',
    effect: { type: 'hold', when: 'before' },
    times: Number.POSITIVE_INFINITY,
  });
}

async function exportAs(page: Page, format: 'csv' | 'xlsx'): Promise<void> {
  await page.locator('details.export summary').click();
  await page.locator(`button[name="format"][value="${format}"]`).click();
  await page.waitForURL(`${app.origin}/exports`);
}
