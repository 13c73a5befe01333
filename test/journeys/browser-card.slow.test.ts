import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { aContact, aDeal } from '../../emulator/builders.ts';
import type { CompanyRow, Multifield } from '../../emulator/index.ts';
import {
  address,
  follow,
  heading,
  type Remembered,
  rememberSignIn,
  titles,
  useChromium,
  watchTrouble,
} from '../support/browser-journeys.ts';
import { aCompany, aPortal } from '../support/builders.ts';
import { startApp, type TestApp } from '../support/start-app.ts';

const FULL = 501;
const BARE = 502;

const { newVisitor } = useChromium();
let app: TestApp;
let ada: Remembered;
beforeAll(async () => {
  app = await startApp({
    emulator: { portals: [aPortal({ companies: companies(), contacts: contacts(), deals: deals() })] },
  });
  ada = await rememberSignIn(await newVisitor(), app);
});
afterAll(() => app.stop());
afterEach(() => app.emulator.clearFaults());

describe('the card of a company', () => {
  describe('when contacts are tied to it', () => {
    it('shows who they are, what they do, and how to reach them', async () => {
      const page = await aVisitor(FULL);
      const trouble = await watchTrouble(page, app.origin);
      await page.reload();

      const people = page.locator('.group-people');
      expect(await people.locator('h2').innerText()).toBe('People 4');
      expect(await rowsOf(people)).toEqual([
        'Ada Byron / Head of engines / +7 495 000-00-01 / ada@mill.example',
        'Unnamed contact',
        '<b>Max</b> & Sons / <i>Owner</i> / ask for Jim',
        'Two Jobs',
      ]);
      expect(await hrefsOf(people)).toEqual([
        portalAddress('/crm/contact/details/11/'),
        'tel:+74950000001',
        'mailto:ada@mill.example',
        portalAddress('/crm/contact/details/12/'),
        portalAddress('/crm/contact/details/13/'),
        portalAddress('/crm/contact/details/14/'),
      ]);
      expect(trouble).toEqual([]);
    });
  });

  describe('when there are deals with it', () => {
    it('shows the open ones first, each with its stage, its day and its amount', async () => {
      const page = await aVisitor(FULL);

      const panel = page.locator('.group-deals');
      expect(await panel.locator('h2').innerText()).toBe('Deals 5');
      expect(await rowsOf(panel)).toEqual([
        'Odd <i>one</i> / C77:GONE 17 Jan 2026',
        'Wholesale / Offer sent 05 Feb 2026 / €2,500.50',
        '№ 22 / New 17 Jan 2026 / $1,000',
        'Lost / Deal lost 17 Jan 2026 / ₽0',
        'Won / Deal won 17 Jan 2026 / £10,000,000',
      ]);
      expect(await panel.locator('.tag.won').allInnerTexts()).toEqual(['Deal won']);
      expect(await panel.locator('.tag.lost').allInnerTexts()).toEqual(['Deal lost']);
      expect(await panel.locator('.closed .row-title').allInnerTexts()).toEqual(['Lost', 'Won']);
      expect((await hrefsOf(panel))[0]).toBe(portalAddress('/crm/deal/details/25/'));
    });
  });

  describe('when there are more of them than a card shows', () => {
    it('shows fifteen, tells how many there are, and leads to all in Bitrix24', async () => {
      const page = await aVisitor(1);

      for (const [panel, number] of [
        ['.group-people', 16],
        ['.group-deals', 17],
      ] as const) {
        const all = page.locator(panel).getByRole('link', { name: `All ${number} in Bitrix24` });
        expect(await page.locator(`${panel} .row`).count()).toBe(15);
        expect(await all.getAttribute('href')).toBe(portalAddress('/crm/company/details/1/'));
      }
    });
  });

  describe('when its comments are markup', () => {
    it('shows them as text with lines, and has no element of theirs', async () => {
      const page = await aVisitor(FULL);

      const comments = page.locator('.group-comments');
      expect(await comments.locator('.prose').innerText()).toBe(
        'Call after 5 & before 7\n\nSecond paragraph with a link\n\nbold <script>alert(1)</script>',
      );
      expect(await comments.locator('a, b, script, img').count()).toBe(0);
    });
  });

  describe('when its contacts are traps', () => {
    it('links those that are safe to follow, and shows the others as text', async () => {
      const page = await aVisitor(FULL);

      const panel = page.locator('.group-contacts');
      expect(await panel.locator('dd bdi').allTextContents()).toEqual([
        '+7 (495) 000-00-01',
        'ask for Jim',
        'sales@mill.example',
        'a@mill.example?bcc=b@evil.example',
        'https://mill.example/?a=1&b=2',
        'javascript:alert(document.domain)',
        'data:text/html,<script>alert(1)</script>',
        'mill.example',
      ]);
      expect(await hrefsOf(panel)).toEqual([
        'tel:+74950000001',
        'mailto:sales@mill.example',
        'https://mill.example/?a=1&b=2',
        'http://mill.example/',
      ]);
    });

    it('follows no link without hiding where it comes from', async () => {
      const page = await aVisitor(FULL);

      const links = page.locator('main a[href^="http"]');
      const rels = await links.evaluateAll((all) => all.map((link) => link.getAttribute('rel') ?? ''));

      expect(rels.length).toBeGreaterThan(5);
      expect(rels.filter((rel) => !rel.includes('noreferrer'))).toEqual([]);
    });
  });

  describe('when a phone is copied', () => {
    it('is in the clipboard as it is written, and is said to be', async () => {
      const page = await aVisitor(FULL, { permissions: ['clipboard-read', 'clipboard-write'] });
      const trouble = await watchTrouble(page, app.origin);

      await page.getByRole('button', { name: 'Copy +7 (495) 000-00-01' }).click();
      await page.locator('#said', { hasText: 'Copied' }).waitFor({ state: 'attached' });

      expect(await page.evaluate<string>('navigator.clipboard.readText()')).toBe('+7 (495) 000-00-01');
      expect(await page.locator('.copy.done').count()).toBe(1);
      expect(trouble).toEqual([]);
    });

    it('does not break when the browser forbids it', async () => {
      const page = await aVisitor(FULL);
      const trouble = await watchTrouble(page, app.origin);
      await page.addInitScript(
        `navigator.clipboard.writeText = async () => { throw new Error('forbidden'); }`,
      );
      await page.reload();

      await page.getByRole('button', { name: 'Copy +7 (495) 000-00-01' }).click();
      await page.evaluate('new Promise((resolve) => setTimeout(resolve))');

      expect(await page.locator('#said').textContent()).toBe('');
      expect(trouble).toEqual([]);
    });

    it('has no button for it without scripts', async () => {
      const page = await aVisitor(FULL, { javaScriptEnabled: false });

      expect(await page.locator('.copy:visible').count()).toBe(0);
    });
  });

  describe('when opened from a list', () => {
    it('leads to the next and back across the border of a page, and to the page where one is', async () => {
      const page = await newVisitor({ storageState: ada });
      await page.goto(`${app.origin}/companies?q=mill&sort=title&order=asc`);
      await follow(page.getByRole('link', { name: 'Mill 050' }));

      await follow(page.getByRole('link', { name: 'Next company' }));
      const next = await heading(page);
      await follow(page.getByRole('link', { name: 'Previous company' }));
      const previous = await heading(page);
      await follow(page.getByRole('link', { name: 'Next company' }));
      await follow(page.getByRole('link', { name: 'All companies' }));

      expect([next, previous]).toEqual(['Mill 051', 'Mill 050']);
      expect(address(page)).toBe('/companies?q=mill&page=2&sort=title&order=asc');
      expect(await titles(page)).toContain('Mill 051');
    });

    it.each([
      ['the first', '/companies?q=mill&sort=title&order=asc', 'Mill 001', [0, 1]],
      ['the last', '/companies?q=mill&sort=title&order=asc&page=3', 'Mill 110', [1, 0]],
      ['the only', '/companies?q=mill+042', 'Mill 042', [0, 0]],
    ])('has no link beyond %s', async (_which, list, title, [previous, next]) => {
      const page = await newVisitor({ storageState: ada });
      await page.goto(app.origin + list);

      await follow(page.getByRole('link', { name: title, exact: true }));

      expect(await page.locator('a[rel="prev"]').count()).toBe(previous);
      expect(await page.locator('a[rel="next"]').count()).toBe(next);
    });
  });

  describe('when somebody may not read contacts and deals', () => {
    it('is shown all the same, and says why they are missing', async () => {
      for (const restMethod of ['crm.contact.list', 'crm.deal.list', 'crm.company.contact.items.get']) {
        const effect = { type: 'error', status: 403, error: 'ACCESS_DENIED' } as const;
        app.emulator.orderFault({ on: 'rest', restMethod, times: Number.POSITIVE_INFINITY, effect });
      }

      const page = await aVisitor(FULL);

      expect(await heading(page)).toBe('Full & Co');
      expect(await page.locator('.group-contacts dd').count()).toBe(3);
      for (const panel of ['.group-people', '.group-deals']) {
        expect(await page.locator(`${panel} .hint`).innerText()).toBe(
          'The portal does not show them to you.',
        );
        expect(await page.locator(`${panel} .row, ${panel} .number`).count()).toBe(0);
      }
    });
  });

  describe('when nothing is known about a company', () => {
    it('says so, and shows no empty panel', async () => {
      const page = await aVisitor(BARE);
      const trouble = await watchTrouble(page, app.origin);
      await page.reload();

      const texts = await page.locator('.panel .hint').allInnerTexts();
      expect(await heading(page)).toBe('Untitled');
      expect(texts.sort()).toEqual([
        'No contact is tied to this company.',
        'No phone or e-mail is recorded.',
        'There are no deals with this company.',
      ]);
      expect(await page.locator('.panel > h2').allInnerTexts()).toEqual([
        'Deals',
        'Phone, e-mail, web',
        'People',
        'About this record',
      ]);
      expect(await page.locator('dd:empty').count()).toBe(0);
      expect(trouble).toEqual([]);
    });

    it.each([['   '], ['']])('is called untitled in the list too, with a title of “%s”', async (title) => {
      app.emulator.portals[0]?.putCompany(bareCompany(title));
      const page = await newVisitor({ storageState: ada });
      await page.goto(`${app.origin}/companies?sort=id&order=desc`);

      await follow(page.getByRole('link', { name: 'Untitled' }));

      expect(await heading(page)).toBe('Untitled');
    });
  });
});

/** Ada, at the card of a company. */
async function aVisitor(id: number, options: BrowserContextOptions = {}): Promise<Page> {
  const page = await newVisitor({ storageState: ada, ...options });
  await page.goto(`${app.origin}/companies/${id}`);
  return page;
}

function portalAddress(path: string): string {
  return `${app.emulator.portals[0]?.origin}${path}`;
}

type Panel = ReturnType<Page['locator']>;

/** Each row in one line, its parts divided by strokes. */
async function rowsOf(panel: Panel): Promise<string[]> {
  const texts = await panel.locator('.row').allInnerTexts();
  return texts.map((text) => text.trim().replace(/\s*\n\s*/g, ' / '));
}

function hrefsOf(panel: Panel): Promise<(string | null)[]> {
  return panel.locator('a').evaluateAll((links) => links.map((link) => link.getAttribute('href')));
}

/** 110 mills, the first of them with many contacts and deals; a company with everything, and one with nothing. */
function companies(): CompanyRow[] {
  const mills = Array.from({ length: 110 }, (_, index) =>
    aCompany({ ID: String(index + 1), TITLE: `Mill ${String(index + 1).padStart(3, '0')}` }),
  );
  const full = aCompany({
    ID: String(FULL),
    TITLE: 'Full & Co',
    COMMENTS:
      '<p>Call after 5 &amp; before 7</p><p>Second paragraph [url=javascript:alert(1)]with a link[/url]</p><p><b>bold</b> &lt;script&gt;alert(1)&lt;/script&gt;<img src=x onerror=alert(1)></p>',
    PHONE: [multifield('PHONE', '+7 (495) 000-00-01'), multifield('PHONE', 'ask for Jim')],
    EMAIL: [
      multifield('EMAIL', 'sales@mill.example'),
      multifield('EMAIL', 'a@mill.example?bcc=b@evil.example'),
    ],
    WEB: [
      multifield('WEB', 'https://mill.example/?a=1&b=2'),
      multifield('WEB', 'javascript:alert(document.domain)'),
      multifield('WEB', 'data:text/html,<script>alert(1)</script>'),
      multifield('WEB', 'mill.example'),
    ],
  });
  return [...mills, full, bareCompany('')];
}

function bareCompany(title: string): CompanyRow {
  return { ID: String(BARE), TITLE: title };
}

function multifield(TYPE_ID: Multifield['TYPE_ID'], VALUE: string): Multifield {
  return { ID: '1', VALUE_TYPE: 'WORK', VALUE, TYPE_ID };
}

function contacts() {
  const many = Array.from({ length: 16 }, (_, index) =>
    aContact({ ID: String(100 + index), COMPANY_ID: '1' }),
  );
  const company = { COMPANY_ID: String(FULL) };
  return [
    ...many,
    aContact({
      ...company,
      ID: '11',
      NAME: 'Ada',
      LAST_NAME: 'Byron',
      POST: 'Head of engines',
      PHONE: [multifield('PHONE', '+7 495 000-00-01')],
      EMAIL: [multifield('EMAIL', 'ada@mill.example')],
    }),
    aContact({ ...company, ID: '12', NAME: null, LAST_NAME: '   ', POST: null }),
    aContact({
      ...company,
      ID: '13',
      NAME: '<b>Max</b>',
      LAST_NAME: '& Sons',
      POST: '<i>Owner</i>',
      PHONE: [multifield('PHONE', 'ask for Jim')],
    }),
    aContact({
      ID: '14',
      NAME: 'Two',
      LAST_NAME: 'Jobs',
      POST: null,
      COMPANY_ID: '2',
      COMPANY_IDS: ['2', String(FULL)],
    }),
  ];
}

function deals() {
  const many = Array.from({ length: 17 }, (_, index) => aDeal({ ID: String(200 + index), COMPANY_ID: '1' }));
  const company = { COMPANY_ID: String(FULL) };
  return [
    ...many,
    aDeal({
      ...company,
      ID: '21',
      TITLE: 'Won',
      STAGE_ID: 'WON',
      CLOSED: 'Y',
      OPPORTUNITY: '10000000.00',
      CURRENCY_ID: 'GBP',
    }),
    aDeal({ ...company, ID: '22', TITLE: '' }),
    aDeal({
      ...company,
      ID: '23',
      TITLE: 'Lost',
      STAGE_ID: 'LOSE',
      CLOSED: 'Y',
      OPPORTUNITY: '0.00',
      CURRENCY_ID: 'RUB',
    }),
    aDeal({
      ...company,
      ID: '24',
      TITLE: 'Wholesale',
      CATEGORY_ID: '3',
      STAGE_ID: 'C3:UC_OFFER1',
      OPPORTUNITY: '2500.50',
      CURRENCY_ID: 'EUR',
      DATE_CREATE: '2026-02-05T10:00:00+03:00',
    }),
    aDeal({
      ...company,
      ID: '25',
      TITLE: 'Odd <i>one</i>',
      CATEGORY_ID: '77',
      STAGE_ID: 'C77:GONE',
      OPPORTUNITY: null,
    }),
  ];
}
