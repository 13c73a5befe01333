import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { aDeal } from '../../emulator/builders.ts';
import type { BrowserAgent } from '../support/browser-agent.ts';
import { aCompany, aPortal } from '../support/builders.ts';
import { startApp, type TestApp } from '../support/start-app.ts';
import { readCsv, readSheet, readZip } from './read-files.ts';

/** More than a double holds. */
const DIGITS = '1234567890123456.78';
const PHONE = '+74991110022';
const NOBODY = '389';

let app: TestApp;
let agent: BrowserAgent;
beforeAll(async () => {
  const company = aCompany({
    ID: '5',
    TITLE: 'Two\r\nlines',
    REVENUE: DIGITS,
    CURRENCY_ID: 'EUR',
    ASSIGNED_BY_ID: NOBODY,
    DATE_CREATE: '2026-03-05T10:20:59+03:00',
    PHONE: [{ ID: '1', VALUE_TYPE: 'WORK', VALUE: PHONE, TYPE_ID: 'PHONE' }],
    UF_CRM_DAY: '1996-05-20T03:00:00+04:00',
  });
  const deal = aDeal({ ID: '21', COMPANY_ID: '5', OPPORTUNITY: DIGITS, CURRENCY_ID: 'EUR' });
  const userFields = [{ name: 'UF_CRM_DAY' as const, type: 'date' as const, label: 'Day' }];
  app = await startApp({
    emulator: { portals: [aPortal({ companies: [company], deals: [deal], userFields })] },
  });
  agent = app.agent();
  await app.signIn(agent);
});
afterAll(() => app.stop());

describe('values of a company', () => {
  it('when they are shown on pages › the list and the card show the same, and every digit', async () => {
    const [list, card] = await Promise.all(
      ['/companies', '/companies/5'].map((path) => agent.visit(app.origin + path).then(({ text }) => text)),
    );

    for (const text of ['€1,234,567,890,123,456.78', `User ${NOBODY}`, PHONE]) {
      expect(list).toContain(text);
      expect(card).toContain(text);
    }
    // The revenue, and the amount of the deal.
    expect(card?.match(/€1,234,567,890,123,456\.78/g)).toHaveLength(2);
    expect(card).toContain('>20 May 1996<');
  });

  it('when they are read as JSON › the revenue is a number, and its digits are beside it', async () => {
    const answer = await agent.request(`${app.origin}/companies`, {
      headers: { accept: 'application/json' },
    });

    expect(JSON.parse(answer.text)).toMatchObject({
      companies: [{ revenue: Number(DIGITS), exactRevenue: DIGITS, phones: [PHONE] }],
    });
  });

  it('when they are exported › the files hold what the pages show', async () => {
    const csv = await exported('csv');
    const sheet = await exported('xlsx');

    const [header = [], row = []] = readCsv(csv.toString());
    const inCsv = (name: string) => row[header.indexOf(name)];
    expect(['Company', 'Revenue', 'Responsible', 'Phones', 'Created'].map(inCsv)).toEqual([
      'Two\nlines',
      DIGITS,
      `User ${NOBODY}`,
      '+7 4991110022',
      expect.stringMatching(/^2026-03-05 \d\d:20:59$/),
    ]);
    const [, cells = []] = readSheet(readZip(sheet).get('xl/worksheets/sheet1.xml')?.toString() ?? '');
    const inSheet = cells.map(({ value }) => value);
    expect(inSheet).toEqual(expect.arrayContaining(['Two\nlines', DIGITS, `User ${NOBODY}`, PHONE]));
  });
});

async function exported(format: 'csv' | 'xlsx'): Promise<Buffer> {
  await agent.post(`${app.origin}/exports`, { view: '', format });
  for (const deadline = Date.now() + 30_000; Date.now() < deadline; ) {
    const answer = await agent.request(`${app.origin}/exports`, { headers: { accept: 'application/json' } });
    const { exports } = JSON.parse(answer.text) as {
      exports: { id: string; format: string; state: string }[];
    };
    const made = exports.find((each) => each.format === format && each.state === 'done');
    if (made) return download(`${app.origin}/exports/${made.id}/file`);
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  throw new Error('the export does not end');
}

/** As bytes, which an agent would read as text. */
async function download(url: string): Promise<Buffer> {
  const [cookies] = [...agent.cookies.values()];
  const cookie = [...(cookies ?? [])].map((pair) => pair.join('=')).join('; ');
  return Buffer.from(await (await fetch(url, { headers: { cookie } })).arrayBuffer());
}
