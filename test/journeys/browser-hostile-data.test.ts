import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import type { CompanyRow } from '../../emulator/index.ts';
import {
  NARROW,
  type Remembered,
  rememberSignIn,
  sidewaysScroll,
  titles,
  useChromium,
  WIDE,
  watchTrouble,
} from '../support/browser-journeys.ts';
import { aCompany, aPortal, aUser } from '../support/builders.ts';
import { startApp, type TestApp } from '../support/start-app.ts';

/** Each fills every field of a company of its own: the first has the number 1. */
const HOSTILE: [what: string, text: string][] = [
  ['markup', '<script>alert(1)</script><img src=x onerror=alert(1)><b>Bold & Sons</b>'],
  ['the end of an attribute', `"><svg onload=alert(1)> ' onmouseover='alert(1)`],
  ['the end of a page', '</title></textarea></table></main><h1>Owned</h1><!--'],
  ['quotes', `O'Brien "The Quote" & 'Sons' \\ \`tick\``],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: that no template engine takes it for one is the point
  ['templates', '<%= 7 * 7 %> ${7 * 7} {{formatted}} $t(app.name) %s'],
  ['entities', '&lt;b&gt; &amp;amp; &#60;script&#62;'],
  ['an address that runs', 'javascript:alert(document.domain)'],
  ['an address with a page inside', 'data:text/html,<script>alert(1)</script>'],
  ['emoji', '🍕 Pizza & 👩‍👩‍👧‍👦 Family 🇺🇳'],
  ['right-to-left text', 'شركة الاختبار المحدودة'],
  ['a right-to-left override', 'Safe \u202Egnp.exe'],
  ['letters in many layers', 'Z̸̢a̷l̶g̵o̴ Ltd'],
  ['1,000 characters', `${'Very long name '.repeat(66)}1000 chars`],
  ['a word of 255 letters', 'W'.repeat(255)],
];
/** The number of the last. */
const ONE_WORD = HOSTILE.length;

const { newVisitor } = useChromium();
let app: TestApp;
let ada: Remembered;
beforeAll(async () => {
  const people = [
    aUser({ id: 1, login: 'admin', name: '<b>Ada</b>', lastName: 'W'.repeat(80), admin: true, crm: 'all' }),
  ];
  app = await startApp({
    emulator: { portals: [aPortal({ users: people, companies: hostileCompanies() })] },
  });
  ada = await rememberSignIn(await newVisitor(), app);
});
afterAll(() => app.stop());

describe('the list of companies with hostile data', () => {
  describe('when it is opened', () => {
    it('shows every title as it is', async () => {
      const page = await newVisitor({ storageState: ada });

      await page.goto(`${app.origin}/companies?sort=id&order=asc`);

      expect(await titles(page)).toEqual(HOSTILE.map(([, text]) => text));
    });

    it('runs nothing, and has no element of theirs', async () => {
      const page = await newVisitor({ storageState: ada });
      const trouble = await watchTrouble(page, app.origin);

      await page.goto(`${app.origin}/companies`);

      expect(await page.locator(FOREIGN_ELEMENTS).count()).toBe(0);
      expect(trouble).toEqual([]);
    });

    it('links to harmless kinds of addresses only', async () => {
      const page = await newVisitor({ storageState: ada });

      await page.goto(`${app.origin}/companies`);

      expect(await linkSchemes(page)).not.toMatch(/javascript|data/);
    });
  });

  describe('when hostile text is searched for', () => {
    it('repeats it as it is, and runs nothing', async () => {
      const page = await newVisitor({ storageState: ada });
      const trouble = await watchTrouble(page, app.origin);
      const questions = HOSTILE.map(([, text]) => text.slice(0, 255).trim());

      const answers = await search(page, questions);

      expect(answers).toEqual(
        questions.map((question) => ({
          count: `1 company with “${question}” in its title`,
          field: question,
          foreign: 0,
        })),
      );
      expect(trouble).toEqual([]);
    });
  });
});

describe('the card of a company with hostile data', () => {
  describe('when it is opened', () => {
    it.each(numbered())('shows and links harmless things only, with %s', async (_what, text, id) => {
      const page = await newVisitor({ storageState: ada });
      const trouble = await watchTrouble(page, app.origin);

      await page.goto(`${app.origin}/companies/${id}`);

      expect(await page.locator('h1 bdi').textContent()).toBe(text);
      expect(await page.title()).toBe(`${text.replace(/\s+/g, ' ')} · Companies`);
      expect(await page.locator('.group-contacts dd bdi').allTextContents()).toEqual([
        text,
        text,
        text,
        text,
      ]);
      expect(await linkSchemes(page)).toMatch(/^(https?:|mailto:|tel:| )*$/);
      expect(await page.locator(FOREIGN_ELEMENTS).count()).toBe(0);
      expect(trouble).toEqual([]);
    });
  });
});

describe('the width of a page', () => {
  describe.each([
    ['narrow, in English', NARROW, 'en-GB'],
    ['narrow, in Russian', NARROW, 'ru-RU'],
    ['wide, in English', WIDE, 'en-GB'],
    ['wide, in Russian', WIDE, 'ru-RU'],
  ])('when the window is %s', (_case, viewport, locale) => {
    it('fits what visitors see before they sign in', async () => {
      const page = await newVisitor({ viewport, locale });

      const tooWide = await pagesThatScrollSideways(page, ['/', '/?returnTo=%2Fcompanies', '/bitrix']);

      expect(tooWide).toEqual([]);
    });

    it.each([
      ['the list', '/companies'],
      ['the answer that nothing was found', `/companies?q=${'Q'.repeat(255)}`],
      ['the answer that one long word was found', `/companies?q=${'W'.repeat(255)}`],
      ['the card of one long word', `/companies/${ONE_WORD}`],
    ])('fits %s', async (_page, path) => {
      const page = await newVisitor({ viewport, locale, storageState: ada });

      const tooWide = await pagesThatScrollSideways(page, [path]);

      expect(tooWide).toEqual([]);
    });

    it('fits all other cards, and an error page', async () => {
      const page = await newVisitor({ viewport, locale, storageState: ada });
      const cards = numbered().map(([, , id]) => `/companies/${id}`);

      const tooWide = await pagesThatScrollSideways(page, [...cards.slice(0, -1), '/companies/999999']);

      expect(tooWide).toEqual([]);
    });
  });
});

/** None of these is in a page of ours below the header. */
const FOREIGN_ELEMENTS =
  'main :is(script, style, img, svg, iframe, object, embed, b, textarea, [onload], [onmouseover])';

function numbered(): [what: string, text: string, id: number][] {
  return HOSTILE.map(([what, text], index) => [what, text, index + 1]);
}

function hostileCompanies(): CompanyRow[] {
  return numbered().map(([, text, id]) => {
    const contact = { ID: String(id), VALUE_TYPE: 'WORK', VALUE: text };
    return aCompany({
      ID: String(id),
      TITLE: text,
      COMPANY_TYPE: text,
      INDUSTRY: text,
      EMPLOYEES: text,
      CURRENCY_ID: text,
      COMMENTS: text,
      ADDRESS: text,
      BANKING_DETAILS: text,
      PHONE: [{ ...contact, TYPE_ID: 'PHONE' }],
      EMAIL: [{ ...contact, TYPE_ID: 'EMAIL' }],
      WEB: [{ ...contact, TYPE_ID: 'WEB' }],
      IM: [{ ...contact, TYPE_ID: 'IM' }],
    });
  });
}

interface Found {
  count: string | null;
  field: string;
  foreign: number;
}

/** What the list says to each question. */
async function search(page: Page, questions: string[]): Promise<Found[]> {
  const answers: Found[] = [];
  for (const question of questions) {
    await page.goto(`${app.origin}/companies?q=${encodeURIComponent(question)}`);
    answers.push({
      count: await page.locator('.count').textContent(),
      field: await page.getByRole('searchbox').inputValue(),
      foreign: await page.locator(FOREIGN_ELEMENTS).count(),
    });
  }
  return answers;
}

/** Those of the paths whose page is wider than the window, and by how much. */
async function pagesThatScrollSideways(
  page: Page,
  paths: string[],
): Promise<[path: string, pixels: number][]> {
  const tooWide: [string, number][] = [];
  for (const path of paths) {
    await page.goto(app.origin + path);
    const pixels = await sidewaysScroll(page);
    if (pixels > 0) tooWide.push([path, pixels]);
  }
  return tooWide;
}

/** The kinds of addresses that links below the header have: `http: mailto:`. */
function linkSchemes(page: Page): Promise<string> {
  return page.evaluate<string>(
    `[...new Set([...document.querySelectorAll('main a')].map(({ protocol }) => protocol))].join(' ')`,
  );
}
