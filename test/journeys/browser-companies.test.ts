import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import {
  address,
  follow,
  heading,
  query,
  type Remembered,
  rememberSignIn,
  titles,
  useChromium,
} from '../support/browser-journeys.ts';
import { aCompany, aPortal } from '../support/builders.ts';
import { startApp, type TestApp } from '../support/start-app.ts';

const LONG_RUSSIAN_TITLE = 'Общество с ограниченной ответственностью '.repeat(6).slice(0, 240);

const { newVisitor } = useChromium();
let app: TestApp;
let ada: Remembered;
beforeAll(async () => {
  app = await startApp({ emulator: { portals: [aPortal({ companies: millsAndShops() })] } });
  ada = await rememberSignIn(await newVisitor(), app);
});
afterAll(() => app.stop());

describe('the list of companies', () => {
  describe('when searched by title', () => {
    it('shows what was found, how many, and what was asked', async () => {
      const page = await aSignedInVisitor();

      await search(page, 'mill');

      expect(await page.locator('.count').innerText()).toBe('60 companies with “mill” in their titles');
      expect(await titles(page)).toHaveLength(50);
      expect(await page.getByRole('searchbox').inputValue()).toBe('mill');
      expect(query(page)).toMatchObject({ q: 'mill' });
    });

    it('says when nothing was found, and leads back to all', async () => {
      const page = await aSignedInVisitor();
      await search(page, 'no such company');
      const answer = await page.locator('.empty h2').innerText();

      await follow(page.getByRole('link', { name: 'Show all companies' }));

      expect(answer).toBe('Nothing found');
      expect(await page.locator('.count').innerText()).toBe('121 companies');
    });

    it('keeps the search when the page is reloaded', async () => {
      const page = await aSignedInVisitor();
      await search(page, 'mill 007');

      await page.reload();

      expect(await titles(page)).toEqual(['Mill 007']);
    });

    it('is cleared with one click', async () => {
      const page = await aSignedInVisitor('/companies?q=mill&sort=title&order=asc');

      await follow(page.getByRole('link', { name: 'remove this filter' }));

      expect(query(page)).toEqual({ sort: 'title', order: 'asc' });
    });
  });

  describe('when a column header is clicked', () => {
    it('sorts by it', async () => {
      const page = await aSignedInVisitor('/companies?q=mill');

      await follow(columnHeader(page, 'Company'));

      expect(query(page)).toEqual({ q: 'mill', sort: 'title', order: 'asc' });
      expect((await titles(page))[0]).toBe('Mill 001');
      expect(await page.locator('th.col-title[aria-sort]').getAttribute('aria-sort')).toBe('ascending');
    });

    it('sorts the other way when clicked again', async () => {
      const page = await aSignedInVisitor('/companies?q=mill');
      await follow(columnHeader(page, 'Company'));

      await follow(columnHeader(page, 'Company'));

      expect(query(page)).toMatchObject({ q: 'mill', sort: 'title' });
      expect((await titles(page))[0]).toBe('Mill 060');
      expect(await page.locator('th.col-title[aria-sort]').getAttribute('aria-sort')).toBe('descending');
    });

    it('begins at the first page', async () => {
      const page = await aSignedInVisitor('/companies?q=mill&page=2');

      await follow(columnHeader(page, 'Created'));

      expect(query(page)).toEqual({ q: 'mill', sort: 'created' });
    });
  });

  describe('when it is longer than a page', () => {
    it('leads forward with search and order kept', async () => {
      const page = await aSignedInVisitor('/companies?q=mill&sort=title&order=asc');

      await follow(page.getByRole('link', { name: 'Next' }));

      expect(query(page)).toEqual({ q: 'mill', sort: 'title', order: 'asc', page: '2' });
      expect(await titles(page)).toEqual(tenMillsFrom51());
      expect(await page.locator('.range').innerText()).toBe('51–60 of 60');
      expect(await page.getByRole('link', { name: 'Next' }).count()).toBe(0);
    });

    it('leads back', async () => {
      const page = await aSignedInVisitor('/companies?q=mill&sort=title&order=asc&page=2');

      await follow(page.getByRole('link', { name: 'Previous' }));

      expect(query(page)).toEqual({ q: 'mill', sort: 'title', order: 'asc' });
      expect((await titles(page))[0]).toBe('Mill 001');
      expect(await page.getByRole('link', { name: 'Previous' }).count()).toBe(0);
    });

    it('leads to a page by its number, and marks where one is', async () => {
      const page = await aSignedInVisitor();

      await follow(page.getByRole('link', { name: '3', exact: true }));

      expect(query(page)).toEqual({ page: '3' });
      expect(await page.locator('.pages [aria-current="page"]').innerText()).toBe('3');
      expect(await page.locator('.range').innerText()).toBe('101–121 of 121');
    });
  });
});

describe('the card of a company', () => {
  describe('when opened from a page of a search', () => {
    it('leads back to the same page of the same search', async () => {
      const page = await aSignedInVisitor('/companies?q=mill&page=2&sort=title&order=asc');
      await follow(page.getByRole('link', { name: 'Mill 055' }));
      const title = await heading(page);

      await follow(page.getByRole('link', { name: 'All companies' }));

      expect(title).toBe('Mill 055');
      expect(address(page)).toBe('/companies?q=mill&page=2&sort=title&order=asc');
      expect(await titles(page)).toEqual(tenMillsFrom51());
    });

    it('leads back there with the back button too', async () => {
      const page = await aSignedInVisitor('/companies?q=mill&page=2&sort=title&order=asc');
      await follow(page.getByRole('link', { name: 'Mill 055' }));

      // Nothing is loaded: Chromium keeps the page in memory for as long as no cookie changes, which a sign-out does.
      await page.goBack({ waitUntil: 'commit' });

      expect(address(page)).toBe('/companies?q=mill&page=2&sort=title&order=asc');
      expect(await titles(page)).toEqual(tenMillsFrom51());
    });
  });

  describe('when opened from a search for a long Russian title', () => {
    it('leads back to that search', async () => {
      const page = await aSignedInVisitor();
      await search(page, LONG_RUSSIAN_TITLE);
      await follow(page.locator('tbody .col-title a'));

      await follow(page.getByRole('link', { name: 'All companies' }));

      expect(query(page)).toEqual({ q: LONG_RUSSIAN_TITLE.trim() });
    });
  });

  describe('when there is no such company', () => {
    it('says so with 404, and leads to the list', async () => {
      const page = await aSignedInVisitor();
      const answer = await page.goto(`${app.origin}/companies/999999`);
      const title = await heading(page);

      await follow(page.getByRole('link', { name: 'To the companies' }));

      expect(answer?.status()).toBe(404);
      expect(title).toBe('There is nothing here');
      expect(address(page)).toBe('/companies');
    });
  });
});

describe('the whole journey without scripts', () => {
  describe('when the browser runs none', () => {
    it('signs in, finds a company, opens it and signs out', async () => {
      const page = await newVisitor({ javaScriptEnabled: false });
      await page.goto(app.origin);

      await follow(page.getByRole('link', { name: 'Sign in with' }));
      await follow(page.locator('button[data-login="admin"]'));
      await search(page, 'Mill 042');
      await follow(page.getByRole('link', { name: 'Mill 042', exact: true }));
      const card = await heading(page);
      await follow(page.getByRole('button', { name: 'Sign out' }));

      expect(card).toBe('Mill 042');
      expect(address(page)).toBe('/');
      expect(await page.getByRole('status').innerText()).toContain('You are signed out here');
    });
  });
});

describe('the list by keyboard', () => {
  describe('when Tab is pressed for the first time', () => {
    it('reaches the skip link, which becomes visible', async () => {
      const page = await aSignedInVisitor();
      const skipLink = page.getByRole('link', { name: 'Skip to content' });
      const before = await skipLink.boundingBox();

      await page.keyboard.press('Tab');

      const after = await skipLink.boundingBox();
      expect(await page.locator(':focus').innerText()).toBe('Skip to content');
      expect(before?.y).toBeLessThan(0 - (before?.height ?? 0) + 1);
      expect(after?.y).toBeGreaterThanOrEqual(0);
    });

    it('lets Enter jump over the header to the search field', async () => {
      const page = await aSignedInVisitor();
      await page.keyboard.press('Tab');

      await page.keyboard.press('Enter');
      await page.keyboard.press('Tab');

      expect(await page.locator(':focus').getAttribute('name')).toBe('q');
    });
  });

  describe('when Tab goes on through the page', () => {
    it('always shows where it is', async () => {
      const page = await aSignedInVisitor('/companies?q=Mill+00');

      const stops = await tabStops(page, 32);

      expect(stops.map(({ name }) => name)).toEqual(
        expect.arrayContaining([
          'Skip to content',
          'EN',
          'RU',
          'Sign out',
          'q',
          'Search',
          'Company',
          'Mill 009',
        ]),
      );
      expect(stops.filter(({ isVisible, outline }) => !isVisible || outline === 'none')).toEqual([]);
    });
  });
});

/** Ada, at a page of ours. */
async function aSignedInVisitor(path = '/companies'): Promise<Page> {
  const page = await newVisitor({ storageState: ada });
  await page.goto(app.origin + path);
  return page;
}

async function search(page: Page, text: string): Promise<void> {
  await page.getByRole('searchbox').fill(text);
  await follow(page.getByRole('button', { name: 'Search' }));
}

function columnHeader(page: Page, name: string) {
  return page.getByRole('columnheader').getByRole('link', { name });
}

/** 60 mills, 60 shops, and one with a name that fills a form. */
function millsAndShops() {
  const mills = Array.from({ length: 60 }, (_, index) =>
    aCompany({ ID: String(index + 1), TITLE: `Mill ${String(index + 1).padStart(3, '0')}` }),
  );
  const shops = Array.from({ length: 60 }, (_, index) =>
    aCompany({ ID: String(index + 101), TITLE: `Shop ${String(index + 1).padStart(3, '0')}` }),
  );
  return [...mills, ...shops, aCompany({ ID: '201', TITLE: LONG_RUSSIAN_TITLE })];
}

function tenMillsFrom51(): string[] {
  return Array.from({ length: 10 }, (_, index) => `Mill 0${index + 51}`);
}

interface TabStop {
  name: string;
  isVisible: boolean;
  outline: string;
}

/** Where Tab leads, one after the other, and what shows it. */
async function tabStops(page: Page, count: number): Promise<TabStop[]> {
  const stops: TabStop[] = [];
  for (let stop = 0; stop < count; stop += 1) {
    await page.keyboard.press('Tab');
    stops.push(
      await page.evaluate<TabStop>(`(() => {
        const focused = document.activeElement;
        const { top, left, width } = focused.getBoundingClientRect();
        return {
          name: focused.name === 'q' ? 'q' : focused.textContent.trim(),
          isVisible: width > 1 && top >= 0 && left >= 0,
          outline: getComputedStyle(focused).outlineStyle,
        };
      })()`),
    );
  }
  return stops;
}
