import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import {
  address,
  follow,
  heading,
  type Remembered,
  rememberSignIn,
  signIn,
  useChromium,
} from '../support/browser-journeys.ts';
import { aCompany, aPortal } from '../support/builders.ts';
import { startApp, type TestApp } from '../support/start-app.ts';

/** A portal for each plural form. */
const COUNTS = [1, 2, 5, 21];
const LARGEST = 3;

const { newVisitor } = useChromium();
let app: TestApp;
let ada: Remembered;
beforeAll(async () => {
  app = await startApp({
    emulator: {
      portals: COUNTS.map((count, index) =>
        aPortal({ host: `127.0.0.${index + 2}`, companies: companies(count) }),
      ),
    },
  });
  ada = await rememberSignIn(await newVisitor(), app, { portal: LARGEST });
});
afterAll(() => app.stop());

describe('the language of the pages', () => {
  describe('when none was chosen', () => {
    it.each([
      ['Russian', 'ru-RU', 'ru', 'Компании вашего Битрикс24 с вашими правами'],
      ['English', 'en-US', 'en', 'Your Bitrix24 companies, with your own rights'],
      ['neither, so English', 'de-DE', 'en', 'Your Bitrix24 companies, with your own rights'],
    ])('is the one the browser prefers: %s', async (_case, locale, language, title) => {
      const page = await newVisitor({ locale });

      await page.goto(app.origin);

      expect(await languageOf(page)).toBe(language);
      expect(await heading(page)).toBe(title);
    });
  });

  describe('when Russian is chosen', () => {
    it('turns the page where one is, and marks it as Russian', async () => {
      const page = await newVisitor({ storageState: ada });
      await page.goto(`${app.origin}/companies?q=Company+1&sort=title&order=asc`);

      await chooseRussian(page);

      expect(address(page)).toBe('/companies?q=Company+1&sort=title&order=asc');
      expect(await languageOf(page)).toBe('ru');
      expect(await heading(page)).toBe('Компании');
      expect(await page.locator('.languages [aria-current]').innerText()).toBe('RU');
    });

    it('keeps the way from a card back to its search', async () => {
      const page = await newVisitor({ storageState: ada });
      await page.goto(`${app.origin}/companies?q=Company+1`);
      await follow(page.getByRole('link', { name: 'Company 1', exact: true }));
      await chooseRussian(page);

      await follow(page.getByRole('link', { name: 'Все компании' }));

      expect(address(page)).toBe('/companies?q=Company+1');
    });

    it('keeps on the sign-in page where the visitor wants to go', async () => {
      const page = await newVisitor();
      await page.goto(`${app.origin}/companies/1`);

      await chooseRussian(page);
      await follow(page.getByRole('link', { name: 'Войти через' }).first());
      await follow(page.locator('button[data-login="admin"]'));

      expect(address(page)).toBe('/companies/1');
    });

    it('stays after a reload', async () => {
      const page = await newVisitor();
      await page.goto(app.origin);
      await chooseRussian(page);

      await page.reload();

      expect(await languageOf(page)).toBe('ru');
    });

    it('stays after signing out', async () => {
      const page = await newVisitor();
      await signIn(page, app);
      await chooseRussian(page);

      await follow(page.getByRole('button', { name: 'Выйти' }));

      expect(await languageOf(page)).toBe('ru');
      expect(await page.getByRole('status').innerText()).toContain('Вы вышли из приложения');
    });

    it('is the language of what goes wrong, too', async () => {
      const page = await newVisitor({ storageState: ada, locale: 'ru-RU' });

      await page.goto(`${app.origin}/companies/999999`);

      expect(await languageOf(page)).toBe('ru');
      expect(await heading(page)).toBe('Здесь ничего нет');
    });
  });

  describe('when English is chosen again', () => {
    it('turns back, whatever the browser prefers', async () => {
      const page = await newVisitor({ locale: 'ru-RU' });
      await page.goto(app.origin);

      await follow(page.getByRole('button', { name: 'EN' }));

      expect(await languageOf(page)).toBe('en');
      expect(await heading(page)).toBe('Your Bitrix24 companies, with your own rights');
    });
  });

  describe('when companies are counted in Russian', () => {
    it.each([
      [0, '1 компания'],
      [1, '2 компании'],
      [2, '5 компаний'],
      [3, '21 компания'],
    ])('has the plural form of portal %i: %s', async (portal, count) => {
      const page = await newVisitor({ locale: 'ru-RU' });

      await signIn(page, app, { portal });

      expect(await page.locator('.count').innerText()).toBe(count);
    });

    it.each([
      ['Company 21', '1 компания с «Company 21» в названии'],
      ['Company 2', '3 компании с «Company 2» в названии'],
      ['Company 1', '11 компаний с «Company 1» в названии'],
    ])('has the plural form of what was found with %s', async (text, count) => {
      const page = await newVisitor({ storageState: ada, locale: 'ru-RU' });

      await page.goto(`${app.origin}/companies?q=${encodeURIComponent(text)}`);

      expect(await page.locator('.count').innerText()).toBe(count);
    });
  });
});

function languageOf(page: Page): Promise<string | null> {
  return page.locator('html').getAttribute('lang');
}

function chooseRussian(page: Page): Promise<void> {
  return follow(page.getByRole('button', { name: 'RU' }));
}

/** Company 1, Company 2 and so on. */
function companies(count: number) {
  return Array.from({ length: count }, (_, index) => aCompany({ ID: String(index + 1) }));
}
