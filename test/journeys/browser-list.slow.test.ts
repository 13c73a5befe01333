import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { type CompanyRow, demoPortals, type PortalOptions } from '../../emulator/index.ts';
import { COMPANY_SORTS, type CompanySort } from '../../src/bitrix24/crm/company-columns.ts';
import {
  address,
  follow,
  heading,
  NARROW,
  query,
  type Remembered,
  rememberSignIn,
  sidewaysScroll,
  signIn,
  useChromium,
  watchTrouble,
} from '../support/browser-journeys.ts';
import { aPortal, aUser } from '../support/builders.ts';
import { naivePage } from '../support/naive-list.ts';
import { startApp, type TestApp } from '../support/start-app.ts';

/** What the form is filled in with, and what it comes to. */
const WANTED = {
  type: 'SUPPLIER,PARTNER',
  industry: '-',
  responsible: '8',
  created_from: '2022-01-01',
  has_phone: 'yes',
  revenue_from: '100000',
};
const WANTED_ADDRESS = `/companies?${new URLSearchParams(WANTED)}`.replace('%2C', ',');
const WANTED_CHIPS = [
  'Type: Поставщик, Партнёр',
  'Industry: Not specified',
  'Responsible: Игорь Уткин',
  'Created: from 01 Jan 2022',
  'Has a phone',
  'Revenue: from 100,000',
];

/** Companies on less than a page, for whoever does not care which. */
const A_FEW = '/companies?responsible=8&type=OTHER&has_email=no';

const { newVisitor } = useChromium();
let app: TestApp;
let admin: Remembered;
let rows: readonly CompanyRow[];
beforeAll(async () => {
  app = await startApp({ emulator: { portals: [northWind()] } });
  rows = app.emulator.portals[0]?.companies ?? [];
  admin = await rememberSignIn(await newVisitor(), app);
});
afterAll(() => app.stop());

describe.each<[string, BrowserContextOptions]>([
  ['with scripts', {}],
  ['without scripts', { javaScriptEnabled: false }],
])('the list of 12,000 companies, %s', (_how, options) => {
  describe('when the filters are filled in', () => {
    it('shows what meets all of them, how many, and at an address that says so', async () => {
      const page = await aVisitor('/companies', { ...options, storageState: admin });
      const trouble = await watchTrouble(page, app.origin);
      await page.reload();

      await fillIn(page);

      const { ids, total } = naivePage(rows, { where: isWanted });
      expect(address(page)).toBe(WANTED_ADDRESS);
      expect(await cardIds(page)).toEqual(ids);
      expect(await page.locator('.count').innerText()).toBe(`${total} companies match`);
      expect(await chips(page)).toEqual(WANTED_CHIPS);
      expect(await page.locator('.filters .badge').innerText()).toBe('6');
      expect(trouble).toEqual([]);
    });

    it('keeps in the form what was chosen', async () => {
      const page = await aVisitor(WANTED_ADDRESS, { ...options, storageState: admin });
      const form = page.locator('.filters');

      await form.locator('summary').click();

      expect(await chosenIn(page)).toEqual({
        type: ['SUPPLIER', 'PARTNER'],
        industry: ['-'],
        employees: [],
        responsible: '8',
        has_phone: 'yes',
        has_email: '',
        created_from: '2022-01-01',
        revenue_from: '100000',
      });
      expect(await form.getByRole('button', { name: 'Show companies' }).isVisible()).toBe(true);
    });

    it('keeps them when sorted, and when searched besides', async () => {
      const page = await aVisitor(WANTED_ADDRESS, { ...options, storageState: admin });

      await follow(page.getByRole('columnheader').getByRole('link', { name: 'Company' }));
      await page.getByRole('searchbox').fill('ООО');
      await follow(page.getByRole('button', { name: 'Search' }));

      const where = (row: CompanyRow) => isWanted(row) && row.TITLE.includes('ООО');
      expect(query(page)).toEqual({ ...WANTED, q: 'ООО', sort: 'title', order: 'asc' });
      expect(await cardIds(page)).toEqual(naivePage(rows, { where, sort: 'title', order: 'asc' }).ids);
      expect(await chips(page)).toEqual(['“ООО”', ...WANTED_CHIPS]);
    });
  });

  describe('when a chip is clicked', () => {
    it('takes that condition away and begins with the first page', async () => {
      const page = await aVisitor(
        '/companies?type=SUPPLIER&created_from=2022-01-01&created_to=2023-12-31&page=2',
        {
          ...options,
          storageState: admin,
        },
      );

      await follow(page.locator('.chip', { hasText: 'Created: 01 Jan 2022 – 31 Dec 2023' }));

      expect(address(page)).toBe('/companies?type=SUPPLIER');
      expect(await chips(page)).toEqual(['Type: Поставщик']);
    });

    it('takes all away with one click, and keeps the order', async () => {
      const page = await aVisitor(`${WANTED_ADDRESS}&sort=title&order=asc`, {
        ...options,
        storageState: admin,
      });

      await follow(page.locator('.chips').getByRole('link', { name: 'Clear all' }));

      expect(address(page)).toBe('/companies?sort=title&order=asc');
      expect(await chips(page)).toEqual([]);
      expect(await page.locator('.count').innerText()).toBe('12,000 companies');
    });
  });

  describe('when its address is given to somebody else', () => {
    it('shows them the same filters, with their own rights', async () => {
      const page = await newVisitor(options);

      await signIn(page, app, { login: 'user8', path: WANTED_ADDRESS });

      const theirs = rows.filter((row) => row.ASSIGNED_BY_ID === '8');
      expect(await page.locator('.person-name').innerText()).toBe('Игорь Уткин');
      expect(await chips(page)).toEqual(WANTED_CHIPS);
      expect(await cardIds(page)).toEqual(naivePage(theirs, { where: isWanted }).ids);
    });
  });

  describe('when a view is saved', () => {
    it('is found under its name in another browser, and forgotten there', async () => {
      const reader = aReader();
      const here = await newVisitor(options);
      await signIn(here, app, { ...reader, path: WANTED_ADDRESS });
      await saveView(here, 'Partners <b>& co.</b>');
      const savedAt = address(here);
      const there = await newVisitor(options);
      await signIn(there, app, reader);

      await openMenu(there, 'views');
      await follow(there.getByRole('link', { name: 'Partners <b>& co.</b>' }));
      const opened = address(there);
      await openMenu(there, 'views');
      await follow(there.getByRole('button', { name: 'Remove this view: Partners <b>& co.</b>' }));

      expect(savedAt).toBe(WANTED_ADDRESS);
      expect(opened).toBe(WANTED_ADDRESS);
      expect(address(there)).toBe(WANTED_ADDRESS);
      expect(await there.locator('.saved-view').count()).toBe(0);
    });

    it('is offered a name that says what is filtered', async () => {
      const page = await aVisitor('/companies?type=SUPPLIER&has_email=no', {
        ...options,
        storageState: admin,
      });

      await openMenu(page, 'views');

      expect(await page.getByLabel('Name of this view').inputValue()).toBe('Type: Поставщик · Has no e-mail');
    });
  });

  describe('when columns are chosen', () => {
    it('has those, as close as wished, in every browser of this person', async () => {
      const reader = aReader();
      const here = await newVisitor(options);
      await signIn(here, app, { ...reader, path: '/companies?type=SUPPLIER' });
      await openMenu(here, 'columns');
      const menu = here.locator('.columns');
      await menu.getByLabel('Employees').check();
      await menu.getByLabel('ID').uncheck();
      await menu.getByLabel('Phone and e-mail').uncheck();
      await menu.getByLabel('Compact').check();

      await follow(menu.getByRole('button', { name: 'Apply' }));

      const there = await newVisitor(options);
      await signIn(there, app, reader);
      const chosen = [
        'Company',
        'Type',
        'Industry',
        'Employees',
        'Responsible',
        'Revenue',
        'Created',
        'Changed',
      ];
      expect(address(here)).toBe('/companies?type=SUPPLIER');
      expect(await headings(here)).toEqual(chosen);
      expect(await headings(there)).toEqual(chosen);
      expect(await there.locator('body').getAttribute('class')).toBe('wide compact');
      expect(await rowHeight(there)).toBeLessThan(await rowHeightOf(admin, options));
    });

    it('cannot be left without the title', async () => {
      const page = await aVisitor('/companies', { ...options, storageState: admin });

      await openMenu(page, 'columns');

      const title = page.locator('.columns').getByLabel('Company');
      expect([await title.isChecked(), await title.isDisabled()]).toEqual([true, true]);
    });
  });
});

describe('the list of 12,000 companies, by every other filter and sort', () => {
  it('shows what meets the filters, all at once', async () => {
    const page = await aVisitor('/companies', { storageState: admin });
    const form = page.locator('.filters');
    await form.locator('summary').click();
    for (const value of ['EMPLOYEES_1', 'EMPLOYEES_2'])
      await form.locator(`input[name="employees"][value="${value}"]`).check();
    await form.getByRole('combobox', { name: 'E-mail' }).selectOption('no');
    await form.getByLabel('Created, to').fill('2025-06-30');
    await form.getByLabel('Changed, from').fill('2023-01-01');
    await form.getByLabel('Changed, to').fill('2026-10-31');
    await form.getByLabel('Revenue, to').fill('5,000,000.00');

    await follow(form.getByRole('button', { name: 'Show companies' }));

    const { ids, total } = naivePage(rows, { where: isTheOther });
    expect(query(page)).toEqual(OTHERS);
    expect(total).toBeGreaterThan(1);
    expect(await cardIds(page)).toEqual(ids);
    expect(await page.locator('.count').innerText()).toBe(`${total} companies match`);
  });

  it('is sorted by each column that is clicked, up and down', async () => {
    const page = await aVisitor('/companies', { storageState: admin });
    const headers = page.locator('thead th a');
    const clicked = await headers.count();

    for (let column = 0; column < clicked; column += 1) {
      const orders: string[] = [];
      for (const _time of [1, 2]) {
        await follow(headers.nth(column));
        // What is the default is left out of the address.
        const { sort = 'id', order = 'desc' } = query(page) as { sort?: CompanySort; order?: 'asc' | 'desc' };
        orders.push(order);
        expect([sort, order, await cardIds(page)]).toEqual([
          sort,
          order,
          naivePage(rows, { sort, order }).ids,
        ]);
      }
      expect(orders.sort()).toEqual(['asc', 'desc']);
    }
    expect(clicked).toBe(8);
  });

  it('is sorted by whatever is chosen on a narrow screen, which has no columns to click', async () => {
    const page = await aVisitor('/companies', { storageState: admin, viewport: NARROW });
    for (const sort of COMPANY_SORTS) {
      await page.locator('#sort').selectOption(sort);
      await page.locator('select[name="order"]').selectOption('asc');

      await follow(page.getByRole('button', { name: 'Search' }));

      expect([sort, await cardIds(page)]).toEqual([sort, naivePage(rows, { sort, order: 'asc' }).ids]);
    }
  });
});

describe('the table with every column there is', () => {
  it.each(['en-GB', 'ru-RU'])(
    'in %s › stays within its frame, however wide the window is',
    async (locale) => {
      const page = await newVisitor({ locale });
      await signIn(page, app, { ...aReader(), path: '/companies?sort=id&order=asc' });
      await openMenu(page, 'columns');
      await page.locator('.columns input[value="employees"]').check();
      await follow(page.locator('.columns button').last());

      const tooWide: number[] = [];
      for (const width of [1001, 1240, 1241, 1320, 1360, 1361, 1440]) {
        await page.setViewportSize({ width, height: 900 });
        const pixels = await page.evaluate<number>(
          "[document.querySelector('table.companies')].map((table) => table.offsetWidth - table.parentElement.clientWidth)[0]",
        );
        if (pixels + (await sidewaysScroll(page)) > 0) tooWide.push(width);
      }

      expect(await page.locator('thead .col-employees').count()).toBe(1);
      expect(tooWide).toEqual([]);
    },
  );
});

describe('the list by keyboard', () => {
  describe('when / is pressed', () => {
    it('goes to the search with its text selected, so that typing replaces it', async () => {
      const page = await aVisitor('/companies?q=old');

      await page.keyboard.press('/');
      await page.keyboard.type('дом');

      expect(await focused(page)).toBe('q');
      expect(await page.getByRole('searchbox').inputValue()).toBe('дом');
    });
  });

  describe('when arrows are pressed', () => {
    it('goes from row to row, stops at the ends, and opens with Enter', async () => {
      const page = await aVisitor();
      const trouble = await watchTrouble(page, app.origin);
      await page.reload();
      const [first = 0, second = 0] = await cardIds(page);

      const stops = await stopsOf(page, ['ArrowDown', 'ArrowDown', 'ArrowUp', 'ArrowUp']);
      await Promise.all([page.waitForEvent('load'), page.keyboard.press('Enter')]);

      expect(stops).toEqual([first, second, first, first].map((id) => `/companies/${id}`));
      expect(new URL(page.url()).pathname).toBe(`/companies/${first}`);
      expect(await heading(page)).toBe(rows.find(({ ID }) => ID === String(first))?.TITLE);
      expect(trouble).toEqual([]);
    });

    it('keeps them for scrolling where a button has the focus', async () => {
      const page = await aVisitor();
      await page.locator('.views > summary').focus();

      const stops = await stopsOf(page, ['ArrowDown']);

      expect(stops).toEqual(['SUMMARY']);
    });
  });

  describe('when j and k are pressed', () => {
    it('goes down and up the same rows, from the end when k comes first', async () => {
      const page = await aVisitor();
      const ids = await cardIds(page);

      const stops = await stopsOf(page, ['k', 'k', 'j', 'j']);

      const [last, beforeLast] = [ids.at(-1), ids.at(-2)];
      expect(stops).toEqual([last, beforeLast, last, last].map((id) => `/companies/${id}`));
    });

    it('goes to the neighbours of a card', async () => {
      const page = await aVisitor();
      const [first, second] = await cardIds(page);
      await follow(page.locator('tbody .col-title a').first());

      await Promise.all([page.waitForEvent('load'), page.keyboard.press('j')]);
      const next = new URL(page.url()).pathname;
      await Promise.all([page.waitForEvent('load'), page.keyboard.press('k')]);

      expect(next).toBe(`/companies/${second}`);
      expect(new URL(page.url()).pathname).toBe(`/companies/${first}`);
    });
  });

  describe('when Esc is pressed', () => {
    it('empties the search, then leaves it', async () => {
      const page = await aVisitor('/companies?q=old');
      await page.keyboard.press('/');

      await page.keyboard.press('Escape');
      const emptied = [await focused(page), await page.getByRole('searchbox').inputValue()];
      await page.keyboard.press('Escape');

      expect(emptied).toEqual(['q', '']);
      expect(await focused(page)).toBe('BODY');
    });

    it.each(['filters', 'views', 'columns', 'export'])(
      'closes the %s and goes back to their button',
      async (menu) => {
        const page = await aVisitor();
        await openMenu(page, menu);
        await page.keyboard.press('Tab');

        // The first leaves a field, if one has the focus.
        await page.keyboard.press('Escape');
        await page.keyboard.press('Escape');

        expect(await page.locator(`details.${menu}[open]`).count()).toBe(0);
      },
    );

    it('leads from a card back to the list', async () => {
      const page = await aVisitor('/companies?type=SUPPLIER&page=2');
      await follow(page.locator('tbody .col-title a').first());

      await Promise.all([page.waitForEvent('load'), page.keyboard.press('Escape')]);

      expect(address(page)).toBe('/companies?type=SUPPLIER&page=2');
    });
  });

  describe('when ? is pressed', () => {
    it('explains the keys, and closes with Esc', async () => {
      const page = await aVisitor();
      const help = page.getByRole('dialog', { name: 'Keyboard' });

      await page.keyboard.press('?');
      const keys = await help.locator('kbd').allInnerTexts();
      const stops = await stopsOf(page, ['j']);
      await page.keyboard.press('Escape');

      expect(keys).toEqual(['/', '↓', '↑', 'Enter', 'Esc', '?']);
      expect(stops).toEqual(['BUTTON']);
      expect(await help.isVisible()).toBe(false);
    });

    it('does the same as the button in the header', async () => {
      const page = await aVisitor();

      await page.getByRole('button', { name: 'Keyboard shortcuts' }).click();

      expect(await page.getByRole('dialog', { name: 'Keyboard' }).isVisible()).toBe(true);
    });
  });

  describe('when something is typed into a field', () => {
    it.each<[string, string, string | undefined]>([
      ['the search', '[name="q"]', undefined],
      ['an amount', '[name="revenue_from"]', 'filters'],
      ['the name of a view', '.views [name="name"]', 'views'],
    ])('%s takes every letter, and nothing else happens', async (_what, selector, menu) => {
      const page = await aVisitor();
      if (menu) await openMenu(page, menu);
      await page.locator(selector).fill('');

      await page.keyboard.type('j/k?');
      await page.keyboard.press('ArrowDown');

      expect(await page.locator(selector).inputValue()).toBe('j/k?');
      expect(await page.locator(`${selector}:focus`).count()).toBe(1);
      expect(await page.locator('dialog[open]').count()).toBe(0);
    });

    it('leaves keys alone that belong to the browser', async () => {
      const page = await aVisitor();

      const stops = await stopsOf(page, ['Control+j', 'Alt+k', 'Meta+/']);

      expect(stops).toEqual(['BODY', 'BODY', 'BODY']);
    });
  });
});

let lastReader = 100;

/** Somebody who has saved nothing yet. */
function aReader(): { login: string } {
  lastReader += 1;
  return { login: `reader${lastReader}` };
}

/** The large portal of the demo, with people who see everything. */
function northWind(): PortalOptions {
  const [large = aPortal()] = demoPortals();
  const readers = Array.from({ length: 20 }, (_, index) =>
    aUser({ id: 101 + index, login: `reader${101 + index}`, crm: 'all' }),
  );
  return aPortal({
    ...large,
    memberId: randomBytes(16).toString('hex'),
    users: [...large.users, ...readers],
  });
}

function isWanted(row: CompanyRow): boolean {
  return (
    ['SUPPLIER', 'PARTNER'].includes(String(row.COMPANY_TYPE)) &&
    row.INDUSTRY === null &&
    row.ASSIGNED_BY_ID === '8' &&
    Date.parse(String(row.DATE_CREATE)) >= Date.parse('2022-01-01T00:00:00+03:00') &&
    row.PHONE !== undefined &&
    Number.parseFloat(String(row.REVENUE)) >= 100_000
  );
}

/** The filters that `WANTED` has not. */
const OTHERS = {
  employees: 'EMPLOYEES_1,EMPLOYEES_2',
  has_email: 'no',
  created_to: '2025-06-30',
  modified_from: '2023-01-01',
  modified_to: '2026-10-31',
  revenue_to: '5000000',
};

function isTheOther(row: CompanyRow): boolean {
  const at = (value: unknown) => Date.parse(String(value));
  return (
    ['EMPLOYEES_1', 'EMPLOYEES_2'].includes(String(row.EMPLOYEES)) &&
    row.EMAIL === undefined &&
    at(row.DATE_CREATE) < at('2025-07-01T00:00:00+03:00') &&
    at(row.DATE_MODIFY) >= at('2023-01-01T00:00:00+03:00') &&
    at(row.DATE_MODIFY) < at('2026-11-01T00:00:00+03:00') &&
    Number.parseFloat(String(row.REVENUE)) <= 5_000_000
  );
}

/** The administrator of the portal, unless it is somebody else, at a page of ours. */
async function aVisitor(
  path = A_FEW,
  options: BrowserContextOptions = { storageState: admin },
): Promise<Page> {
  const page = await newVisitor(options);
  await page.goto(app.origin + path);
  return page;
}

async function fillIn(page: Page): Promise<void> {
  const form = page.locator('.filters');
  await form.locator('summary').click();
  await form.getByLabel('Поставщик').check();
  await form.getByLabel('Партнёр').check();
  await form.getByRole('group', { name: 'Industry' }).getByLabel('Not specified').check();
  await form.getByLabel('Responsible').selectOption({ label: 'Игорь Уткин' });
  await form.getByRole('combobox', { name: 'Phone' }).selectOption('yes');
  await form.getByLabel('Created, from').fill('2022-01-01');
  await form.getByLabel('Revenue, from').fill('100 000');
  await follow(form.getByRole('button', { name: 'Show companies' }));
}

/** What the fields of the filters hold. */
async function chosenIn(page: Page): Promise<Record<string, string | string[]>> {
  const ticked = (name: string) =>
    page
      .locator(`input[name="${name}"][checked]`)
      .evaluateAll((boxes) => boxes.map((box) => box.getAttribute('value')));
  const chosen: Record<string, string | string[]> = {};
  for (const name of ['type', 'industry', 'employees']) chosen[name] = (await ticked(name)) as string[];
  for (const name of ['responsible', 'has_phone', 'has_email', 'created_from', 'revenue_from']) {
    chosen[name] = await page.locator(`[name="${name}"]`).inputValue();
  }
  return chosen;
}

async function openMenu(page: Page, menu: string): Promise<void> {
  await page.locator(`details.${menu} > summary`).click();
}

async function saveView(page: Page, name: string): Promise<void> {
  await openMenu(page, 'views');
  await page.getByLabel('Name of this view').fill(name);
  await follow(page.getByRole('button', { name: 'Save this view' }));
}

function chips(page: Page): Promise<string[]> {
  return page.locator('.chip bdi').allInnerTexts();
}

async function cardIds(page: Page): Promise<number[]> {
  const links = page.locator('tbody .col-title a');
  const hrefs = await links.evaluateAll((all) => all.map((link) => link.getAttribute('href')));
  return hrefs.map((href) => Number(/\/companies\/(\d+)/.exec(href ?? '')?.[1]));
}

async function headings(page: Page): Promise<string[]> {
  const texts = await page.locator('thead th').allInnerTexts();
  return texts.map((text) => text.replace(/[ ↑↓]+$/, ''));
}

async function rowHeight(page: Page): Promise<number> {
  return (await page.locator('tbody tr').first().boundingBox())?.height ?? 0;
}

async function rowHeightOf(storageState: Remembered, options: BrowserContextOptions): Promise<number> {
  return rowHeight(await aVisitor('/companies', { ...options, storageState }));
}

/** What has the focus: the name of a field, the address of a link without its query, or the kind of element. */
function focused(page: Page): Promise<string> {
  return page.evaluate<string>(
    `document.activeElement.name || document.activeElement.pathname || document.activeElement.tagName`,
  );
}

/** What has the focus after each of these keys. */
async function stopsOf(page: Page, keys: string[]): Promise<string[]> {
  const stops: string[] = [];
  for (const key of keys) {
    await page.keyboard.press(key);
    stops.push(await focused(page));
  }
  return stops;
}
