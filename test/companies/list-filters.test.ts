import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type CompanyRow, demoPortals, type PortalOptions } from '../../emulator/index.ts';
import type { BrowserAgent } from '../support/browser-agent.ts';
import { aCompany, aPortal, aUser } from '../support/builders.ts';
import { dayIn, type ListedIds, naivePage } from '../support/naive-list.ts';
import { openSlowPage } from '../support/slow-page.ts';
import { startApp, type TestApp } from '../support/start-app.ts';

const JSON_HEADERS = { headers: { accept: 'application/json' } };
const MOSCOW = 'Europe/Moscow';

/** Clocks that are put forward or back on that day are among them, in Cairo and Havana at midnight. */
const DAYS: [timeZone: string, day: string][] = [
  ['Asia/Vladivostok', '2024-06-05'],
  ['America/New_York', '2024-03-10'],
  ['America/New_York', '2024-11-03'],
  ['Africa/Cairo', '2024-04-26'],
  ['America/Havana', '2025-11-02'],
  ['America/Santiago', '2025-04-06'],
  ['Australia/Lord_Howe', '2026-04-05'],
  ['Pacific/Kiritimati', '2025-01-01'],
];
/** Names that no zone has; portals of this emulator tell them all the same. */
const NO_ZONES = ['Nowhere/Land', '-03', ''];

/** One phone as nine people write it, each in a company of their own. */
const SPELLINGS = [
  '+78120001122',
  '88120001122',
  '+7 (812) 000-11-22',
  '8(812)000-11-22',
  '+7 812 000-11-22',
  '8 812 000 11 22',
  '8-812-000-11-22',
];

let app: TestApp;
let admin: BrowserAgent;
let rows: readonly CompanyRow[];
beforeAll(async () => {
  app = await startApp({ emulator: { portals: [northWind()] } });
  for (const company of oddCompanies()) app.emulator.portals[0]?.putCompany(company);
  rows = app.emulator.portals[0]?.companies ?? [];
  admin = await signedIn();
});
afterAll(() => app.stop());
afterEach(() => app.emulator.clearFaults());

describe('GET /companies as JSON', () => {
  describe('when one filter is given', () => {
    it.each<[query: string, where: (row: CompanyRow) => boolean]>([
      ['type=SUPPLIER', (row) => row.COMPANY_TYPE === 'SUPPLIER'],
      ['type=SUPPLIER,PARTNER', (row) => ['SUPPLIER', 'PARTNER'].includes(String(row.COMPANY_TYPE))],
      ['type=-', (row) => row.COMPANY_TYPE === null],
      ['industry=IT', (row) => row.INDUSTRY === 'IT'],
      ['industry=1,2', (row) => ['1', '2'].includes(String(row.INDUSTRY))],
      ['industry=-', (row) => row.INDUSTRY === null],
      ['industry=IT,-', (row) => ['IT', null].includes(row.INDUSTRY as string | null)],
      ['employees=EMPLOYEES_4', (row) => row.EMPLOYEES === 'EMPLOYEES_4'],
      [
        'employees=EMPLOYEES_2,EMPLOYEES_3',
        (row) => ['EMPLOYEES_2', 'EMPLOYEES_3'].includes(String(row.EMPLOYEES)),
      ],
      ['employees=-', (row) => row.EMPLOYEES === null],
      ['employees=-,EMPLOYEES_4', (row) => [null, 'EMPLOYEES_4'].includes(row.EMPLOYEES as string | null)],
      ['responsible=me', (row) => row.ASSIGNED_BY_ID === '1'],
      ['responsible=17', (row) => row.ASSIGNED_BY_ID === '17'],
      ['created_from=2025-10-15', (row) => dayIn(MOSCOW, row.DATE_CREATE) >= '2025-10-15'],
      ['created_to=2021-02-28', (row) => dayIn(MOSCOW, row.DATE_CREATE) <= '2021-02-28'],
      ['created_from=2024-02-29&created_to=2024-02-29', onDay('DATE_CREATE', '2024-02-29')],
      ['modified_from=2026-11-01', (row) => dayIn(MOSCOW, row.DATE_MODIFY) >= '2026-11-01'],
      ['modified_to=2021-06-30', (row) => dayIn(MOSCOW, row.DATE_MODIFY) <= '2021-06-30'],
      ['modified_from=2023-03-08&modified_to=2023-03-08', onDay('DATE_MODIFY', '2023-03-08')],
      ['has_phone=yes', (row) => row.PHONE !== undefined],
      ['has_phone=no', (row) => row.PHONE === undefined],
      ['has_email=yes', (row) => row.EMAIL !== undefined],
      ['has_email=no', (row) => row.EMAIL === undefined],
      ['revenue_from=90000000', (row) => revenueOf(row) >= 90_000_000],
      ['revenue_to=33000', (row) => revenueOf(row) <= 33_000],
      ['revenue_from=100000&revenue_to=100000', (row) => revenueOf(row) === 100_000],
      ['revenue_from=1 000 000,50&revenue_to=1 000 000,50', (row) => row.REVENUE === '1000000.50'],
      ['revenue_from=1,000,000.50&revenue_to=1.000.000,50', (row) => row.REVENUE === '1000000.50'],
      ['revenue_from=100,000&revenue_to=100,000', (row) => revenueOf(row) === 100_000],
      ['revenue_from=1 000 000.51', (row) => revenueOf(row) >= 1_000_000.51],
      ['revenue_to=0', (row) => revenueOf(row) <= 0],
      ['q=СЕВЕРНЫЙ', (row) => row.TITLE.toLowerCase().includes('северный')],
      ['q=%20%20речной%20дом%20', (row) => row.TITLE.toLowerCase().includes('речной дом')],
      ['q=«', (row) => row.TITLE.includes('«')],
      ['q=100%25 Wool_', (row) => row.TITLE === '100% wool_ & "Sons" <b>'],
      ['q=sons%22 <B', (row) => row.TITLE === '100% wool_ & "Sons" <b>'],
      ['q=700 700', (row) => row.TITLE === 'Hotline 700 700'],
      ['q=INFO@odd.example', hasEmail('info@odd.example')],
    ])('%s finds what it says', async (query, where) => {
      const expected = naivePage(rows, { where });

      const found = await companies(query);

      expect(found).toEqual(expected);
      expect(found.total).toBeGreaterThan(0);
      expect(found.total).toBeLessThan(rows.length);
    });
  });

  describe('when several filters are given', () => {
    it.each<[query: string, where: (row: CompanyRow) => boolean]>([
      [
        'type=CUSTOMER&industry=IT,TELECOM&has_phone=yes',
        (row) =>
          row.COMPANY_TYPE === 'CUSTOMER' &&
          ['IT', 'TELECOM'].includes(String(row.INDUSTRY)) &&
          row.PHONE !== undefined,
      ],
      [
        'q=дом&responsible=8&revenue_from=100000',
        (row) =>
          row.TITLE.toLowerCase().includes('дом') && row.ASSIGNED_BY_ID === '8' && revenueOf(row) >= 100_000,
      ],
      [
        'created_from=2023-01-01&created_to=2023-12-31&modified_from=2024-01-01&has_email=no&has_phone=no',
        (row) =>
          dayIn(MOSCOW, row.DATE_CREATE).startsWith('2023') &&
          dayIn(MOSCOW, row.DATE_MODIFY) >= '2024-01-01' &&
          row.EMAIL === undefined &&
          row.PHONE === undefined,
      ],
      [
        'employees=EMPLOYEES_1,-&industry=-&type=OTHER,-&revenue_to=1000000',
        (row) =>
          ['EMPLOYEES_1', null].includes(row.EMPLOYEES as string | null) &&
          row.INDUSTRY === null &&
          ['OTHER', null].includes(row.COMPANY_TYPE as string | null) &&
          revenueOf(row) <= 1_000_000,
      ],
    ])('%s finds what meets all of them', async (query, where) => {
      const expected = naivePage(rows, { where, sort: 'revenue', order: 'desc' });

      const found = await companies(`${query}&sort=revenue`);

      expect(found).toEqual(expected);
      expect(found.total).toBeGreaterThan(0);
    });

    it.each([
      'type=CUSTOMER&q=no company is called so',
      'created_from=2024-01-02&created_to=2024-01-01',
      'revenue_from=2&revenue_to=1',
      'responsible=999',
      'type=NO_SUCH_TYPE',
    ])('%s finds nothing', async (query) => {
      const found = await companies(query);

      expect(found).toEqual({ ids: [], total: 0 });
    });
  });

  describe('when a phone is searched for', () => {
    it.each([...SPELLINGS, '8 (812) 000 11 22', '8.812.000.11.22', '7 812 0001122', '8 81 20 00 11 22'])(
      '%s finds it as whoever entered it has spelled it',
      async (phone) => {
        const where = (row: CompanyRow) => row.TITLE.startsWith('Spelled');

        const found = await companies(`q=${encodeURIComponent(phone)}`);

        expect(found).toEqual(naivePage(rows, { where }));
      },
    );

    it.each<[what: string, write: (digits: string) => string]>([
      ['as the portal has it', (digits) => `+7 ${digits.slice(1, 4)} ${digits.slice(4)}`],
      ['with brackets and dashes', asRussianPhone],
      ['in digits alone', (digits) => `8${digits.slice(1)}`],
    ])('%s, it finds a company of the demo', async (_what, write) => {
      const phone = firstPhoneOf('+7 812 ');

      const found = await companies(`q=${encodeURIComponent(write(phone.replace(/\D/g, '')))}`);

      expect(found).toEqual(naivePage(rows, { where: hasPhone(phone) }));
    });

    it('finds one of a town with a longer code by its digits', async () => {
      const phone = firstPhoneOf('+7 4012 ');

      const found = await companies(`q=8${phone.replace(/\D/g, '').slice(1)}`);

      expect(found).toEqual(naivePage(rows, { where: hasPhone(phone) }));
    });

    it.each(['+1 212 555 0199', '12125550199', '+12125550199'])(
      'of another country, %s finds it as it is written and by its digits',
      async (phone) => {
        const where = hasPhone(phone === '+1 212 555 0199' ? phone : '+12125550199');

        const found = await companies(`q=${encodeURIComponent(phone)}`);

        expect(found.ids).toEqual(expect.arrayContaining(naivePage(rows, { where }).ids));
      },
    );

    it('finds a part of one in titles alone', async () => {
      const found = await companies('q=8120001');

      expect(found).toEqual(naivePage(rows, { where: ({ TITLE }) => TITLE.includes('8120001') }));
    });
  });

  describe('when an order is asked for', () => {
    it.each(
      (
        [
          'id',
          'title',
          'created',
          'modified',
          'revenue',
          'type',
          'industry',
          'employees',
          'responsible',
        ] as const
      ).flatMap((sort) =>
        (['asc', 'desc'] as const).flatMap((order) =>
          [1, 120, 240].map((page) => [sort, order, page] as const),
        ),
      ),
    )('by %s %s, page %s is that of all companies sorted so', async (sort, order, page) => {
      const expected = naivePage(rows, { sort, order, page });

      const found = await companies(`sort=${sort}&order=${order}&page=${page}`);

      expect(found).toEqual(expected);
    });

    it('sorts what a filter finds', async () => {
      const where = (row: CompanyRow) => row.COMPANY_TYPE === 'SUPPLIER' && row.PHONE === undefined;

      const found = await companies('type=SUPPLIER&has_phone=no&sort=title&order=asc&page=2');

      expect(found).toEqual(naivePage(rows, { where, sort: 'title', order: 'asc', page: 2 }));
    });
  });

  describe('when somebody sees their own companies only', () => {
    it.each<[query: string, where: (row: CompanyRow) => boolean]>([
      ['responsible=me', () => true],
      ['responsible=2&has_phone=no', (row) => row.PHONE === undefined],
      ['type=CUSTOMER', (row) => row.COMPANY_TYPE === 'CUSTOMER'],
    ])('%s finds theirs', async (query, where) => {
      const manager = await signedIn('manager');
      const theirs = rows.filter((row) => row.ASSIGNED_BY_ID === '2');

      const found = await companies(query, manager);

      expect(found).toEqual(naivePage(theirs, { where }));
    });

    it('finds nothing of somebody else’s', async () => {
      const manager = await signedIn('manager');

      const found = await companies('responsible=17', manager);

      expect(found).toEqual({ ids: [], total: 0 });
    });
  });

  describe('when a day is asked for', () => {
    it.each(DAYS)('by the clock of %s, %s is from midnight to midnight there', async (timeZone, day) => {
      const reader = await signedIn(timeZone);
      const expected = naivePage(rows, { where: onDay('DATE_CREATE', day, timeZone) });

      const found = await companies(`created_from=${day}&created_to=${day}`, reader);

      expect(found).toEqual(expected);
    });

    it('means the reader’s clock for changes too', async () => {
      const reader = await signedIn('America/New_York');
      const expected = naivePage(rows, { where: onDay('DATE_MODIFY', '2025-07-04', 'America/New_York') });

      const found = await companies('modified_from=2025-07-04&modified_to=2025-07-04', reader);

      expect(found).toEqual(expected);
    });

    it.each(NO_ZONES)('by a clock that nobody knows (“%s”), it is the portal’s', async (timeZone) => {
      const reader = await signedIn(`zone ${timeZone}`);
      const expected = naivePage(rows, { where: onDay('DATE_CREATE', '2024-06-05') });

      const found = await companies('created_from=2024-06-05&created_to=2024-06-05', reader);

      expect(found).toEqual(expected);
    });
  });

  describe('when a filter cannot be used', () => {
    it.each([
      'type=A,,B',
      'type=CUSTOMER,',
      `type=${'X'.repeat(51)}`,
      `industry=${Array.from({ length: 51 }, (_, index) => index).join(',')}`,
      'employees=,',
      'responsible=0',
      'responsible=-1',
      'responsible=ME',
      'responsible=1,2',
      'responsible=1234567890123456',
      'created_from=2024-02-30',
      'created_from=2024-13-01',
      'created_to=24-01-01',
      'created_to=2024-01-01T00:00:00Z',
      'created_from=1899-12-31',
      'created_to=3000-01-01',
      'modified_from=yesterday',
      'modified_to=01.02.2024',
      'has_phone=1',
      'has_phone=Y',
      'has_email=true',
      'revenue_from=-1',
      'revenue_from=1e3',
      'revenue_from=1.234',
      'revenue_to=1,00,000',
      'revenue_to=1234567890123456',
      `q=${'й'.repeat(256)}`,
      'sort=contacts',
      'sort=TITLE',
      'order=DESC',
      'page=0',
      'page=1,2',
    ])('%s answers 400 invalid_request', async (query) => {
      const answer = await admin.request(`${app.origin}/companies?${query}`, JSON_HEADERS);

      expect(answer.status).toBe(400);
      expect(JSON.parse(answer.text)).toMatchObject({ error: { code: 'invalid_request' } });
    });
  });

  describe('when a parameter is repeated', () => {
    it.each([
      'type=CUSTOMER&type=PARTNER',
      'industry=IT&industry=IT',
      'employees=EMPLOYEES_1&employees=-',
      'responsible=me&responsible=1',
      'created_from=2024-01-01&created_from=2024-01-01',
      'modified_to=2024-01-01&modified_to=',
      'has_phone=yes&has_phone=no',
      'revenue_from=1&revenue_from=2',
      'q=a&q=b',
    ])('%s answers 400 invalid_request', async (query) => {
      const answer = await admin.request(`${app.origin}/companies?${query}`, JSON_HEADERS);

      expect(answer.status).toBe(400);
      expect(JSON.parse(answer.text)).toMatchObject({ error: { code: 'invalid_request' } });
    });
  });

  describe('when a parameter is unknown or empty', () => {
    it.each([
      'colour=red',
      'TYPE=SUPPLIER',
      'type[]=SUPPLIER',
      'type[0]=SUPPLIER',
      'filter[COMPANY_TYPE]=SUPPLIER',
      '%3EREVENUE=1',
      'type=&industry=&employees=&responsible=&created_from=&modified_to=&has_phone=&revenue_from=&q=',
      'q=%20%20',
    ])('%s finds everything', async (query) => {
      const found = await companies(query);

      expect(found).toEqual(naivePage(rows));
    });
  });

  describe('when nobody is signed in', () => {
    it('answers 401, whatever is filtered', async () => {
      const answer = await app.agent().request(`${app.origin}/companies?type=SUPPLIER`, JSON_HEADERS);

      expect(answer.status).toBe(401);
    });
  });
});

describe('GET /companies/view', () => {
  describe('when a form was filled in', () => {
    it.each([
      ['', '/companies'],
      ['q=&type=&sort=id&order=desc&responsible=&has_phone=&created_from=&revenue_to=', '/companies'],
      ['type=SUPPLIER&type=PARTNER&type=-', '/companies?type=SUPPLIER,PARTNER,-'],
      [
        'employees=EMPLOYEES_1&industry=2&industry=IT&q=север',
        `/companies?q=${encodeURIComponent('север')}&industry=2,IT&employees=EMPLOYEES_1`,
      ],
      ['type=SUPPLIER&type=SUPPLIER', '/companies?type=SUPPLIER'],
      ['q=+a+b+&page=7', '/companies?q=a+b'],
      [
        'revenue_from=1 000 000,50&revenue_to=2000000.00',
        '/companies?revenue_from=1000000.5&revenue_to=2000000',
      ],
      ['sort=title&order=asc&has_email=no', '/companies?has_email=no&sort=title&order=asc'],
      [
        'created_to=2024-12-31&created_from=2024-01-01',
        '/companies?created_from=2024-01-01&created_to=2024-12-31',
      ],
      ['returnTo=https%3A%2F%2Fevil.example&colour=red', '/companies'],
    ])('%s leads to %s', async (form, address) => {
      const answer = await admin.request(`${app.origin}/companies/view?${form}`);

      expect(answer).toMatchObject({ status: 303, location: address });
    });

    it('leads to an address that finds the same', async () => {
      const where = ({ COMPANY_TYPE, REVENUE }: CompanyRow) =>
        ['SUPPLIER', 'PARTNER'].includes(String(COMPANY_TYPE)) && Number(REVENUE ?? 0) >= 1_000_000.5;
      const form = 'type=SUPPLIER&type=PARTNER&revenue_from=1 000 000,50';
      const { location = '' } = await admin.request(`${app.origin}/companies/view?${form}`);

      const found = await companies(new URL(location, app.origin).search.slice(1));

      expect(found).toEqual(naivePage(rows, { where }));
    });
  });

  describe('when it was filled in with what cannot be used', () => {
    it.each(['created_from=2024-02-30', 'revenue_from=much', 'q=a&q=b', 'responsible=1&responsible=2'])(
      '%s answers 400 and leads nowhere',
      async (form) => {
        const answer = await admin.request(`${app.origin}/companies/view?${form}`, JSON_HEADERS);

        expect(answer.status).toBe(400);
        expect(answer.location).toBeUndefined();
      },
    );
  });
});

describe('GET /companies as a page', () => {
  describe('when the portal takes more than a second to count', () => {
    it.each(['gzip', 'identity'])(
      'shows the rows at once and the total when it is counted (%s)',
      async (encoding) => {
        const query = `order=asc&industry=${encoding === 'gzip' ? 'IT' : 'TELECOM'}`;
        await countSlowly(query);
        const counting = app.emulator.orderFault({
          on: 'rest',
          restMethod: 'crm.company.list',
          effect: { type: 'hold', when: 'before' },
        });

        const page = await openSlowPage(admin, `${app.origin}/companies?${query}`, encoding);
        await counting.reached();
        const before = await page.readUntil('</table>');
        counting.release();
        const after = await page.readToEnd();

        const { ids, total } = await companies(query);
        expect(cardsIn(before)).toEqual(ids);
        expect(before).toContain('Counting…');
        expect(before).not.toContain('class="range"');
        expect(textOf(after, 'range')).toBe(`1–${ids.length} of ${total.toLocaleString('en')}`);
        expect(count(before + after, '</html>')).toBe(1);
      },
    );

    it('is one whole page when nothing was found', async () => {
      await countSlowly('q=nobody is called so');

      const page = await admin.request(`${app.origin}/companies?q=nobody is called so`);

      expect(page.text).toContain('Nothing found');
      expect(count(page.text, '</html>')).toBe(1);
      expect(count(page.text, '<dialog')).toBe(1);
      expect(page.text).not.toContain('class="pages"');
      expect(page.text).not.toContain('Counting…');
    });

    it('waits for the total of a later page', async () => {
      await countSlowly('type=PARTNER');
      const { ids, total } = naivePage(rows, { where: (row) => row.COMPANY_TYPE === 'PARTNER', page: 2 });

      const page = await admin.request(`${app.origin}/companies?type=PARTNER&page=2`);

      expect(cardsIn(page.text)).toEqual(ids);
      expect(textOf(page.text, 'range')).toBe(`51–100 of ${total.toLocaleString('en-GB')}`);
    });
  });
});

/** The large portal of the demo, with people who see everything and go by all kinds of clocks. */
function northWind(): PortalOptions {
  const [large = aPortal()] = demoPortals();
  const zones = [...new Set(DAYS.map(([timeZone]) => timeZone))];
  const readers = [...zones.map((zone) => [zone, zone]), ...NO_ZONES.map((zone) => [`zone ${zone}`, zone])];
  const people = readers.map(([login = '', timeZone = ''], index) =>
    aUser({ id: 101 + index, login, timeZone, crm: 'all' }),
  );
  return aPortal({ ...large, memberId: randomBytes(16).toString('hex'), users: [...large.users, ...people] });
}

/** What no believable company has: empty fields, phones in all spellings, and instants around midnights. */
function oddCompanies(): CompanyRow[] {
  const empty = { COMPANY_TYPE: null, INDUSTRY: null, EMPLOYEES: null, REVENUE: null };
  const changes: Partial<CompanyRow>[] = [
    { ...empty },
    { ...empty, TITLE: 'Ёлка', REVENUE: '0.00' },
    { EMPLOYEES: null, INDUSTRY: null, REVENUE: '-1500.50' },
    { TITLE: '100% wool_ & "Sons" <b>', REVENUE: '1000000.50' },
    { TITLE: 'Hotline 700 700', REVENUE: '99999999999.99' },
    { TITLE: '🍕', REVENUE: '1000000.51', EMAIL: [multifield('EMAIL', 'Info@Odd.example')] },
    { PHONE: [multifield('PHONE', '+1 212 555 0199')] },
    { PHONE: [multifield('PHONE', '+12125550199')] },
    ...SPELLINGS.map((phone) => ({ TITLE: `Spelled ${phone}`, PHONE: [multifield('PHONE', phone)] })),
    ...DAYS.flatMap(([, day]) => instantsAround(day)).map((instant) => ({ DATE_CREATE: instant })),
  ];
  return changes.map((change, index) =>
    aCompany({ ID: String(20_001 + index), EMPLOYEES: 'EMPLOYEES_1', ...change }),
  );
}

/** Every half an hour of three days, and the second before it. */
function instantsAround(day: string): string[] {
  const from = Date.parse(`${day}T00:00:00Z`) - 24 * 3600_000;
  return Array.from({ length: 3 * 48 }, (_, half) => from + half * 1800_000).flatMap((ms) =>
    [ms - 1000, ms].map((each) => new Date(each).toISOString().replace('.000Z', '+00:00')),
  );
}

function multifield(TYPE_ID: 'PHONE' | 'EMAIL', VALUE: string) {
  return { ID: '1', VALUE_TYPE: 'WORK', VALUE, TYPE_ID };
}

function revenueOf({ REVENUE }: CompanyRow): number {
  return Number.parseFloat(String(REVENUE));
}

function onDay(field: 'DATE_CREATE' | 'DATE_MODIFY', day: string, timeZone = MOSCOW) {
  return (row: CompanyRow) => dayIn(timeZone, row[field]) === day;
}

function hasEmail(email: string) {
  return ({ EMAIL = [] }: CompanyRow) => EMAIL.some(({ VALUE }) => VALUE.toLowerCase() === email);
}

function hasPhone(phone: string) {
  return ({ PHONE = [] }: CompanyRow) => PHONE.some(({ VALUE }) => VALUE === phone);
}

function firstPhoneOf(prefix: string): string {
  const phones = rows.flatMap(({ PHONE = [] }) => PHONE.map(({ VALUE }) => VALUE));
  return phones.find((phone) => phone.startsWith(prefix)) ?? '';
}

function asRussianPhone(digits: string): string {
  return digits.replace(/^.(...)(...)(..)(..)$/, '8 ($1) $2-$3-$4');
}

async function signedIn(login = 'admin'): Promise<BrowserAgent> {
  const agent = app.agent();
  await app.signIn(agent, login);
  return agent;
}

async function companies(query: string, agent = admin): Promise<ListedIds> {
  const { text } = await agent.request(`${app.origin}/companies?${query}`, JSON_HEADERS);
  const { companies: found, total } = JSON.parse(text) as { companies: { id: number }[]; total: number };
  return { ids: found.map(({ id }) => id), total };
}

/** Opens a list for the first time, at a portal that says it took long to find and count. */
async function countSlowly(query: string): Promise<void> {
  app.emulator.orderFault({
    on: 'rest',
    restMethod: 'batch',
    effect: { type: 'alter', patch: { result: { result_time: { list: { duration: 1.2 } } } } },
  });
  await admin.request(`${app.origin}/companies?${query}`);
}

function cardsIn(html: string): number[] {
  return [...html.matchAll(/<th scope="row"[^>]*><a href="\/companies\/(\d+)/g)].map(([, id]) => Number(id));
}

/** The text of the first element of a class. */
function textOf(html: string, className: string): string | undefined {
  return new RegExp(`class="${className}">([^<]*)<`).exec(html)?.[1]?.trim();
}

function count(html: string, part: string): number {
  return html.split(part).length - 1;
}
