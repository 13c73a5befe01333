import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Company } from '../../src/bitrix24/crm/company.ts';
import { type Cell, createCellReader, type ExactNumber } from '../../src/exports/files/cells.ts';
import { writeCsv } from '../../src/exports/files/csv-file.ts';
import { buildSheetRow } from '../../src/exports/files/sheet-xml.ts';
import type { ExportJob } from '../../src/exports/jobs/export-job.ts';
import { readCsv, readSheet } from '../exports/read-files.ts';
import { aReadCompany, aRequest, inBatches } from '../exports/support.ts';
import { EACH } from '../support/fuzz.ts';
import { HOSTILE_TEXTS } from '../support/hostile-texts.ts';
import { anyText, mutated } from '../support/hostile-values.ts';
import { newDataDir } from '../support/start-app.ts';

/** Excel's own limit of a cell. */
const MOST_CHARACTERS = 32_767;
const FORMULA_LETTERS = '=+-@\t\r\n\0\uff1d\uff0b\uff0d\uff20';

const aText = fc.oneof(
  mutated(fc.constantFrom(...HOSTILE_TEXTS.filter(({ length }) => length < 1_000))),
  mutated(
    fc.constantFrom(
      '+7 (900) 123-45-67',
      '+7 900, +7 901',
      '+74991110022',
      '+7-495-1234567',
      '8-800-555-35-35',
      '8 800',
      '-1',
      '_x0041_',
      '"',
      'a;b,c',
      '\r',
      '\n',
    ),
  ),
  anyText,
);
const aName = fc.option(fc.record({ id: aText, name: fc.option(aText) }));
const anInstant = fc.option(
  fc.oneof(fc.constantFrom('2026-03-05T10:20:30+03:00', '1890-01-01', '0000-01-01', 'soon'), aText),
);
const aCompany: fc.Arbitrary<Company> = fc
  .record({
    id: fc.integer({ min: 1 }),
    title: aText,
    type: aName,
    industry: aName,
    phones: fc.array(aText, { maxLength: 2 }),
    emails: fc.array(aText, { maxLength: 2 }),
    revenue: fc.option(
      fc.double({ noNaN: true, noDefaultInfinity: true }).filter((amount) => !Object.is(amount, -0)),
    ),
    exactRevenue: fc.constantFrom(undefined, '1234567890123456.78', '12.500', '-0.125', '1.0E+25'),
    currency: fc.option(aText),
    responsible: fc.option(fc.record({ id: fc.integer({ min: 1 }), name: fc.option(aText) })),
    created: anInstant,
    modified: anInstant,
  })
  .map(({ exactRevenue, ...fields }) =>
    aReadCompany(exactRevenue === undefined ? fields : { ...fields, exactRevenue }),
  );
const aReader = fc.record({
  language: fc.constantFrom('en' as const, 'ru' as const),
  timeZone: fc.constantFrom(null, 'Europe/Moscow', 'Asia/Kathmandu'),
});
const wish = aRequest();

describe('a CSV file', () => {
  it('whatever companies hold › a reader gets it back, and no cell begins as a formula does', async () => {
    const path = nextPath(newDataDir());

    await fc.assert(
      fc.asyncProperty(
        fc.array(aCompany, { minLength: 1, maxLength: 5 }),
        aReader,
        async (companies, reader) => {
          const job = { ...wish, ...reader };

          const [, ...rows] = await written(path(), companies, job);

          const cellsOf = createCellReader(job);
          expect(rows).toHaveLength(companies.length);
          for (const [index, company] of companies.entries()) {
            const cells = cellsOf(company);
            expect(rows[index]).toHaveLength(cells.length);
            for (const [column, cell] of cells.entries()) expectCell(rows[index]?.[column] ?? '', cell, job);
          }
        },
      ),
      EACH,
    );
  });
});

describe('a row of an XLSX file', () => {
  it('whatever a company holds › a reader gets it back, as text where it is text', () => {
    fc.assert(
      fc.property(aCompany, aReader, (company, reader) => {
        const cells = createCellReader({ ...wish, ...reader })(company);

        const [row = []] = readSheet(buildSheetRow(2, cells));

        const filled = cells.filter((cell) => cell !== null);
        expect(row.map(({ kind }) => kind)).toEqual(
          filled.map((cell) => (isText(cell) || isTooEarly(cell) ? 'text' : 'number')),
        );
        for (const [index, cell] of filled.entries()) {
          const value = row[index]?.value;
          if (typeof cell === 'number') expect(Number(value)).toBe(cell);
          if (isExact(cell)) expect(value).toBe(cell.digits);
          if (typeof cell === 'string') expect(value).toBe(cell.slice(0, MOST_CHARACTERS).toWellFormed());
        }
      }),
      EACH,
    );
  });
});

function nextPath(folder: string): () => string {
  let files = 0;
  return () => {
    files += 1;
    return join(folder, `${files}.csv`);
  };
}

async function written(
  path: string,
  companies: Company[],
  job: Pick<ExportJob, 'view' | 'timeZone' | 'language'>,
): Promise<string[][]> {
  await writeCsv(path, inBatches(companies), job, new AbortController().signal);
  const text = readFileSync(path, 'utf8').replace(/^\ufeff/, '');
  return readCsv(text, job.language === 'ru' ? ';' : ',');
}

function expectCell(shown: string, cell: Cell, { language }: Pick<ExportJob, 'language'>): void {
  if (typeof cell === 'number') {
    expect(Number(language === 'ru' ? shown.replace(',', '.') : shown)).toBe(cell);
    return;
  }
  if (cell instanceof Date) {
    expect(Date.parse(`${shown.replace(' ', 'T')}Z`)).toBe(toSecond(cell));
    return;
  }
  if (isExact(cell)) {
    expect(language === 'ru' ? shown.replace(',', '.') : shown).toBe(cell.digits);
    return;
  }
  // Half a pair of surrogates is no text in any file.
  const text = (cell ?? '').toWellFormed();
  expect(shown).not.toContain('\r');
  expect(beginsAsFormula(shown)).toBe(false);
  // A phone is written with other blanks, and nothing else is changed.
  expect([digitsOf(text), `'${digitsOf(text)}`]).toContain(digitsOf(shown));
  // An apostrophe only where it is needed.
  if (shown.startsWith("'") && !text.startsWith("'")) expect(FORMULA_LETTERS).toContain(firstLetter(text));
}

/** Spreadsheets skip blanks and what is invisible before a formula; line ends and tabs they do not. */
function firstLetter(text: string): string {
  return /^[\t\r\n]/.test(text) ? text.charAt(0) : text.replace(/^[\s\p{Cf}]+/u, '').charAt(0);
}

/** The naive reading of the rule: its first letter, unless there is nothing to calculate, or it is a list of phones. */
function beginsAsFormula(text: string): boolean {
  const isNumber = /^ *[+-][0-9]+([.,][0-9]+)?$/.test(text);
  const areSigns = [...text].every((letter) => '=+-@ '.includes(letter));
  const isPhones =
    text.startsWith('+') &&
    text.split(',').every((each, index) => {
      const phone = index === 0 ? each : each.replace(/^ /, '');
      const [number = ''] = phone.split(/ ?(?:доб|внутр|вн|ext|x|#)/i);
      // No dash: it would be calculated.
      return [...number.replace(/^\+/, '')].every((letter) => '0123456789 ()./-'.includes(letter));
    });
  const letter = firstLetter(text);
  return letter !== '' && FORMULA_LETTERS.includes(letter) && !isNumber && !areSigns && !isPhones;
}

function digitsOf(text: string): string {
  return text.replace(/[\s().,/\u2212\p{Pd}\p{Cf}]/gu, '');
}

function isExact(cell: Cell): cell is ExactNumber {
  return typeof cell === 'object' && cell !== null && 'digits' in cell;
}

/** Of a number, Excel keeps fifteen digits. */
function isText(cell: Cell): boolean {
  return (
    typeof cell === 'string' || (isExact(cell) && cell.digits.replace(/^-?[0.]+|\.|0+$/g, '').length > 15)
  );
}

function toSecond(date: Date): number {
  return Math.floor(date.getTime() / 1000) * 1000;
}

/** Excel knows no time before 1900, and takes its first months for others. */
function isTooEarly(cell: Cell): boolean {
  return cell instanceof Date && cell.getTime() < Date.UTC(1900, 2, 1);
}
