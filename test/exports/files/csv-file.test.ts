import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { Company } from '../../../src/bitrix24/crm/company.ts';
import type { ExportRequest } from '../../../src/exports/exports.ts';
import { asLiteral, writeCsv } from '../../../src/exports/files/csv-file.ts';
import { endsAtAll } from '../../support/ends-at-all.ts';
import { HOSTILE_TEXTS } from '../../support/hostile-texts.ts';
import { newDataDir } from '../../support/start-app.ts';
import { readCsv } from '../read-files.ts';
import { aReadCompany, aRequest, hostileCompany, inBatches } from '../support.ts';

const FORMULA = /^[=+\-@\t\r\0]/;
const FORMULA_LIKE = /^[=+\-@\t\r\n\0\uff1d\uff0b]/;

describe('writeCsv', () => {
  it('when every field is hostile › shows each literally, and none is a formula', async () => {
    const companies = HOSTILE_TEXTS.map((text, index) => hostileCompany(index + 1, text));

    const rows = readCsv(await write(companies));

    expect(HOSTILE_TEXTS.length).toBeGreaterThanOrEqual(40);
    expect(rows.flat().filter((cell) => FORMULA.test(cell))).toEqual([]);
    for (const [index, text] of HOSTILE_TEXTS.entries()) {
      const literal = FORMULA_LIKE.test(text) ? `'${text}` : text;
      // Half a pair of surrogates is no text in any file.
      expect(rows[index + 1]?.slice(1)).toEqual(Array(8).fill(Buffer.from(literal).toString()));
    }
  });

  it('when a company has everything › writes numbers as numbers, and instants by the portal’s clock', async () => {
    const [header, row] = readCsv(await write([fullCompany]));

    expect(header).toEqual(aRequest().view.columns);
    expect(row).toEqual([
      '7',
      'Alpha',
      'Client',
      'IT',
      '50-250',
      '+7 (900) 123-45-67, +7 900 000',
      'a@b.example, c@d.example',
      'Ada Admin',
      '-1234.5',
      'EUR',
      '2026-03-05 10:20:30',
      '2026-04-06 11:21:31',
    ]);
  });

  it('when the reader has a clock of their own › shows instants by it', async () => {
    const [, row] = readCsv(await write([fullCompany], { timeZone: 'Asia/Kathmandu' }));

    expect(row?.slice(-2)).toEqual(['2026-03-05 13:05:30', '2026-04-06 14:06:31']);
  });

  it('when the reader is Russian › has semicolons, decimal commas and a BOM', async () => {
    const text = await write([fullCompany], { language: 'ru' });

    expect(text.startsWith('\ufeffid;title;')).toBe(true);
    expect(readCsv(text, ';')[1]?.[8]).toBe('-1234,5');
  });

  it('when nothing is known of a company › leaves its cells empty', async () => {
    const [, row] = readCsv(await write([aReadCompany({ title: '' })]));

    expect(row).toEqual(['1', ...Array(11).fill('')]);
  });

  it('when names are missing › writes what there is', async () => {
    const nameless = { id: 'X', name: null };
    const [, row] = readCsv(
      await write([aReadCompany({ type: nameless, responsible: { id: 12, name: null } })]),
    );

    expect([row?.[2], row?.[7]]).toEqual(['X', '12']);
  });

  it('when it is written › only the process’s own user may read it', async () => {
    const path = join(newDataDir(), 'a.csv');

    await writeCsv(path, inBatches([]), aRequest(), new AbortController().signal);

    expect(statSync(path).mode & 0o777).toBe(0o600);
  });
});

describe('asLiteral', () => {
  it.each([
    '+7 (900) 123-45-67',
    '+79001234567',
    '+44 20 7946 0000, 8 800 555-35-35',
    '+7 900 1,+7 900 2',
    '8 (800) 555',
    'Alpha',
    '',
  ])('when it is %j › is left alone', (text) => {
    expect(asLiteral(text)).toBe(text);
  });

  it.each([
    '+7 900 ext. 5',
    '+7;=1+1',
    '+7 900, =1+1',
    '+7 900\n',
    '+',
    '-7 900',
    '+7 900, A1',
    '+7+7',
    '=1',
    '@a',
    '\t1',
    '\n=1',
  ])('when it is %j › gets an apostrophe', (text) => {
    expect(asLiteral(text)).toBe(`'${text}`);
  });

  it('when it looks like a million phones and is none › is recognised without trying every way to split them', () => {
    const text = `+7${', 7'.repeat(1_000_000)}x`;

    // Looking from each of them at all that follow would take hours.
    const literal = endsAtAll(() => asLiteral(text));

    expect(literal === `'${text}`).toBe(true);
  });
});

const fullCompany = aReadCompany({
  id: 7,
  type: { id: 'CUSTOMER', name: 'Client' },
  industry: { id: 'IT', name: 'IT' },
  employees: { id: 'E2', name: '50-250' },
  phones: ['+7 (900) 123-45-67', '+7 900 000'],
  emails: ['a@b.example', 'c@d.example'],
  responsible: { id: 1, name: 'Ada Admin' },
  revenue: -1234.5,
  currency: 'EUR',
  created: '2026-03-05T10:20:30+03:00',
  modified: '2026-04-06T11:21:31+03:00',
});

async function write(companies: Company[], request: Partial<ExportRequest> = {}): Promise<string> {
  const path = join(newDataDir(), 'a.csv');
  const columns = aRequest().view.columns.filter(
    (column) => companies.length === 1 || !PLAIN.includes(column),
  );
  const view = companies.length === 1 ? {} : { columns, header: columns };
  await writeCsv(path, inBatches(companies), aRequest(request, view), new AbortController().signal);
  return readFileSync(path, 'utf8');
}

/** Columns that no text gets into. */
const PLAIN = ['revenue', 'created', 'modified'];
