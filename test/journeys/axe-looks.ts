import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { type CompanyRow, demoPortals, type PortalOptions } from '../../emulator/index.ts';
import { auditColors, auditPage } from '../support/axe-audit.ts';
import {
  address,
  NARROW,
  type Remembered,
  rememberSignIn,
  signIn,
  useChromium,
  WIDE,
} from '../support/browser-journeys.ts';
import { aPortal } from '../support/builders.ts';
import { startApp, type TestApp } from '../support/start-app.ts';

/** By what is awkward about them, of the demo's small portal. */
const CARDS = { full: 31, bare: 32, markup: 1, oneWord: 12 };
/** A list of all kinds of rows that is not longer than it has to be. */
const AWKWARD = [1, 2, 4, 11, 12, 13, 17, 20, 21, 22, 23, 24, 25, 28, 30, 31, 32];
const FILTERS =
  'type=CUSTOMER,-&has_phone=yes&created_from=2020-01-01&revenue_to=9999999999&sort=title&order=asc';

/** Menus lie over other targets, which nobody can miss while they are covered. */
const COVERED = { without: ['target-size'] };

const LOCALES = { English: 'en-GB', Russian: 'ru-RU' };

/** How a page is looked at: its width, its colours, and the rules. */
export type Look = readonly [size: typeof WIDE, colors: 'light' | 'dark', audit: typeof auditPage];

/** In the dark only colours change. */
export const LOOKS = {
  narrowDark: [NARROW, 'dark', auditColors],
  narrowLight: [NARROW, 'light', auditPage],
  wideLight: [WIDE, 'light', auditPage],
  wideDark: [WIDE, 'dark', auditColors],
} satisfies Record<string, Look>;

/** Looks at every kind of page, in each of these languages. */
export function auditEveryPage(looks: Look[], languages: (keyof typeof LOCALES)[]): void {
  const { newVisitor } = useChromium();
  let app: TestApp;
  /** Somebody with companies; and the same with another portal in front, which has none. */
  let boss: Remembered;
  let both: Remembered;
  beforeAll(async () => {
    app = await startApp({
      emulator: { portals: [harbour(), aPortal({ host: '127.0.0.2', companies: [] })] },
    });
    const page = await newVisitor();
    boss = await rememberSignIn(page, app, { login: 'boss' });
    await post(page, '/companies/views', { name: 'Clients <b>only</b>', search: FILTERS });
    await post(page, '/exports', { view: 'type=CUSTOMER', format: 'csv' });
    await untilCounted(page);
    const another = await newVisitor();
    await signIn(another, app, { login: 'boss' });
    both = await rememberSignIn(another, app, { portal: 1 });
  });
  afterAll(() => app.stop());

  describe.each(languages)('the pages in %s', (language) => {
    const locale = LOCALES[language];
    describe('when nobody is signed in', () => {
      it('break no rule', async () => {
        const page = await aVisitor({ locale });
        const paths = [
          '/',
          '/?returnTo=%2Fcompanies%2F1',
          '/bitrix?state=unknown&code=unknown',
          '/no-such-page',
        ];

        expect(await auditPages(page, paths)).toEqual([]);
      });

      it('breaks no rule: what a portal shows in its frame', async () => {
        const page = await aVisitor({ locale });
        await page.setContent(
          `<form method="post" action="${app.origin}/bitrix"><button>Open</button></form>`,
        );
        await page.locator('button').click();
        await page.waitForURL(`${app.origin}/bitrix`);

        expect(await auditInAllLooks(page, '/bitrix')).toEqual([]);
      });
    });

    describe('when somebody is signed in', () => {
      it.each([
        ['lists', ['/companies?order=asc', `/companies?${FILTERS}`]],
        [
          'lists of nothing',
          ['/companies?q=nobody+is+called+so', '/companies?q=nobody&type=PARTNER', '/companies?page=99'],
        ],
        ['cards', Object.values(CARDS).map((id) => `/companies/${id}?from=order%3Dasc`)],
        ['overview and exports', ['/overview', '/exports']],
        ['account', ['/account', '/account/add']],
        ['errors', ['/companies?page=seven', '/companies/999999']],
      ])('break no rule: %s', async (_kind, paths) => {
        const page = await aVisitor({ locale, storageState: boss });

        expect(await auditPages(page, paths)).toEqual([]);
      });

      it('break no rule while something is open on a list', async () => {
        const page = await aVisitor({ locale, storageState: boss });
        await page.goto(`${app.origin}/companies?${FILTERS}`);

        const inPlace = await auditOpened(page, ['.filters > summary', '.keys-help']);
        const overIt = await auditOpened(
          page,
          ['.views > summary', '.columns > summary', '.export > summary'],
          COVERED,
        );

        expect([...inPlace, ...overIt]).toEqual([]);
      });
    });

    describe('when somebody is signed in at two portals', () => {
      it('break no rule: a list of a portal without companies, and the menu of people', async () => {
        const page = await aVisitor({ locale, storageState: both });

        const found = await auditPages(page, ['/companies', '/overview', '/exports']);
        const opened = await auditOpened(page, ['.people-menu > summary'], COVERED);

        expect([...found, ...opened]).toEqual([]);
      });
    });
  });

  /** Nothing moves there, so that no colour is caught half-way. */
  function aVisitor(options: BrowserContextOptions): Promise<Page> {
    return newVisitor({ reducedMotion: 'reduce', ...options });
  }

  /** What breaks a rule on these pages, and where. */
  async function auditPages(page: Page, paths: string[]): Promise<string[]> {
    const found: string[] = [];
    for (const path of paths) {
      await page.goto(app.origin + path);
      // A page that led elsewhere would be audited in vain.
      expect(address(page)).toBe(path);
      found.push(...(await auditInAllLooks(page, path)));
    }
    return found;
  }

  /** As `auditPages`, of one page with each of these opened in turn. */
  async function auditOpened(page: Page, openers: string[], options = {}): Promise<string[]> {
    const found: string[] = [];
    for (const opener of openers) {
      await page.locator(opener).click();
      found.push(...(await auditInAllLooks(page, opener, options)));
      await page.keyboard.press('Escape');
    }
    return found;
  }

  async function auditInAllLooks(page: Page, what: string, options = {}): Promise<string[]> {
    const found: string[] = [];
    for (const [viewport, colorScheme, audit] of looks) {
      await page.setViewportSize(viewport);
      await page.emulateMedia({ colorScheme });
      const violations = await audit(page, options);
      found.push(...violations.map((violation) => `${what}, ${viewport.width} ${colorScheme}: ${violation}`));
    }
    return found;
  }

  /** As a form of ours would, without the page that has it. */
  async function post(page: Page, path: string, form: Record<string, string>): Promise<void> {
    const headers = { origin: app.origin, 'sec-fetch-site': 'same-origin' };
    await page.request.post(app.origin + path, { form, headers, maxRedirects: 0 });
  }

  /** The overview shows its plots from now on: a page that still waits for them reloads itself while it is looked at. */
  async function untilCounted(page: Page): Promise<void> {
    const headers = { accept: 'application/json' };
    const ask = () => page.request.get(`${app.origin}/overview`, { headers });
    while (((await (await ask()).json()) as { asOf: string | null }).asOf === null) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

function harbour(): PortalOptions {
  const [, small = aPortal()] = demoPortals();
  const companies = (small.companies as CompanyRow[]).filter(({ ID }) => AWKWARD.includes(Number(ID)));
  return aPortal({ ...small, memberId: randomBytes(16).toString('hex'), companies });
}
