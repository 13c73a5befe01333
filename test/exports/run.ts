import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { COLUMNS } from '../../src/companies/columns.ts';
import { EXPORT_COLUMNS } from '../../src/exports/jobs/export-job.ts';
import type { BrowserAgent } from '../support/browser-agent.ts';
import { aCompany, aPortal, aUser } from '../support/builders.ts';
import { HOSTILE_TEXTS } from '../support/hostile-texts.ts';
import { startApp, type TestApp } from '../support/start-app.ts';
import { readCells } from './flat-sheet.ts';

/**
 * `npm run test:exports`: hostile texts in every field of a company, exported in both formats and languages through the
 * application and opened with LibreOffice: each must be a text cell that says what the company says, and nothing a formula.
 * Debian: `apt-get install libreoffice-calc-nogui`.
 */
const FORMATS = ['xlsx', 'csv'] as const;
/** What is read in each column that may hold any text. */
const TEXT_COLUMNS: Record<string, (text: string) => string> = {
  title: (text) => text,
  type: (text) => text.slice(0, 50),
  industry: (text) => text.slice(0, 50),
  employees: (text) => text.slice(0, 50),
  phones: (text) => text,
  emails: (text) => text,
  responsible: (text) => `${text.slice(0, 100)} Surname`,
  currency: (text) => text.slice(0, 50),
};
/** As LibreOffice names them: separator, quote, UTF-8, first line. */
const CSV_FILTERS = { en: 'CSV:44,34,76,1', ru: 'CSV:59,34,76,1' };

/** Each company has a responsible person of its own. */
const FIRST_PERSON = 1_000;
const people = HOSTILE_TEXTS.map((text, index) =>
  aUser({
    id: index + FIRST_PERSON,
    login: `u${index}`,
    name: text.slice(0, 100),
    lastName: 'Surname',
    crm: 'all',
  }),
);
const boss = aUser({ id: 1, login: 'admin', name: 'Ada', lastName: 'Admin', admin: true, crm: 'all' });

const multifield = (VALUE: string, TYPE_ID: 'PHONE' | 'EMAIL', ID: string) => [
  { ID, VALUE_TYPE: 'WORK', VALUE, TYPE_ID },
];
const companies = HOSTILE_TEXTS.map((text, index) =>
  aCompany({
    ID: String(index + 1),
    TITLE: text,
    COMPANY_TYPE: text.slice(0, 50),
    INDUSTRY: text.slice(0, 50),
    EMPLOYEES: text.slice(0, 50),
    CURRENCY_ID: text.slice(0, 50),
    ASSIGNED_BY_ID: String(index + FIRST_PERSON),
    PHONE: multifield(text, 'PHONE', `${index}1`),
    EMAIL: multifield(text, 'EMAIL', `${index}2`),
  }),
);

const folder = mkdtempSync(join(tmpdir(), 'exports-'));
const app = await startApp({ emulator: { portals: [aPortal({ companies, users: [boss, ...people] })] } });
let failures = 0;
for (const language of ['en', 'ru'] as const) {
  const agent = app.agent({ headers: { 'accept-language': language } });
  await app.signIn(agent);
  await chooseAllColumns(app, agent);
  for (const format of FORMATS) {
    const name = `${language}.${format}`;
    writeFileSync(join(folder, name), await makeExport(app, agent, format));
    failures += check(name, await openWithLibreOffice(name, language));
  }
}
await app.stop();
console.log(failures === 0 ? 'all texts are texts' : `${failures} are not as they should be`);
process.exit(failures === 0 ? 0 : 1);

/** A box for each: they have one name. */
async function chooseAllColumns({ origin }: TestApp, agent: BrowserAgent): Promise<void> {
  const answer = await fetch(`${origin}/companies/layout`, {
    method: 'POST',
    redirect: 'manual',
    headers: { cookie: cookieOf(agent), origin, 'sec-fetch-site': 'same-origin' },
    body: new URLSearchParams(COLUMNS.map((column): [string, string] => ['columns', column])),
  });
  if (answer.status !== 303) throw new Error(`the columns were not taken: ${answer.status}`);
}

function cookieOf(agent: BrowserAgent): string {
  const [cookies] = [...agent.cookies.values()];
  return [...(cookies ?? [])].map(([key, value]) => `${key}=${value}`).join('; ');
}

async function makeExport(to: TestApp, agent: BrowserAgent, format: string): Promise<Buffer> {
  const json = { headers: { accept: 'application/json' } };
  await agent.post(`${to.origin}/exports`, { view: 'sort=id&order=asc', format });
  for (;;) {
    const answer = await agent.request(`${to.origin}/exports`, json);
    const [made] = (JSON.parse(answer.text) as { exports: { id: string; state: string }[] }).exports;
    if (made?.state === 'done') {
      const file = await fetch(`${to.origin}/exports/${made.id}/file`, {
        headers: { cookie: cookieOf(agent) },
      });
      return Buffer.from(await file.arrayBuffer());
    }
    if (made?.state !== 'queued' && made?.state !== 'running' && made?.state !== 'finishing')
      throw new Error(`the export is ${made?.state}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** @returns the sheet as flat XML, in which formulas are formulas and texts are texts */
async function openWithLibreOffice(name: string, language: 'en' | 'ru'): Promise<string> {
  const out = join(folder, `opened-${name}`);
  mkdirSync(out, { recursive: true });
  const filter = name.endsWith('csv') ? [`--infilter=${CSV_FILTERS[language]}`] : [];
  // Not the blocking one: the application lives in this process.
  await promisify(execFile)(
    'soffice',
    [
      `-env:UserInstallation=file://${folder}/profile`,
      '--headless',
      ...filter,
      '--convert-to',
      'fods',
      '--outdir',
      out,
      join(folder, name),
    ],
    { timeout: 180_000 },
  );
  return readFileSync(join(out, name.replace(/\.\w+$/, '.fods')), 'utf8');
}

function check(name: string, xml: string): number {
  const { rows, formulas } = readCells(xml);
  const [, ...companiesRead] = rows;
  const wrong = Object.entries(TEXT_COLUMNS).flatMap(([column, expected]) => {
    const at = (EXPORT_COLUMNS as readonly string[]).indexOf(column);
    return HOSTILE_TEXTS.flatMap((text, index) => {
      const wanted = expected(text);
      // A CSV knows no types: what is a number or a day to a spreadsheet is read as one. XLSX keeps it as it is.
      if (name.endsWith('csv') && /^[\s'"]*(\d[\d.e+-]*|true)\s*$/i.test(wanted)) return [];
      const read = companiesRead[index]?.[at] ?? '';
      const isRight = seen(read) === seen(wanted) || seen(read) === seen(`'${wanted}`);
      return isRight
        ? []
        : [`${column}: ${JSON.stringify(wanted.slice(0, 60))}, read ${JSON.stringify(read.slice(0, 60))}`];
    });
  });
  const columns = Object.keys(TEXT_COLUMNS).length;
  console.log(
    `${name}: ${companiesRead.length} rows, ${columns} columns of texts, ${formulas} formulas, ${wrong.length} texts that read otherwise`,
  );
  for (const line of wrong) console.log(`  ${line}`);
  return formulas + wrong.length + (companiesRead.length === HOSTILE_TEXTS.length ? 0 : 1);
}

/** What people see of a text: LibreOffice joins blanks and has no characters that XML does not know. */
function seen(text: string): string {
  return (
    text
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this is about
      .replace(/[\0-\x1f\x7f\ufffe\uffff\ud800-\udfff\ufffd]/g, '')
      .replace(/\s+/g, '')
  );
}
