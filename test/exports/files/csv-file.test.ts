import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { Company } from '../../../src/bitrix24/crm/company.ts';
import type { ExportRequest } from '../../../src/exports/exports.ts';
import { writeCsv } from '../../../src/exports/files/csv-file.ts';
import { HOSTILE_TEXTS } from '../../support/hostile-texts.ts';
import { newDataDir } from '../../support/start-app.ts';
import { readCsv } from '../read-files.ts';
import { aReadCompany, aRequest, hostileCompany, inBatches } from '../support.ts';

const FORMULA = /^[=+\-@\t\r\0]/;
const FORMULA_LIKE = /^(?:[\t\r\n]|[\s\p{Cf}]*[=+\-@\0\uff1d\uff0b\uff0d\uff20])/u;

/** No spreadsheet may make a number or a date of what stands among phones. */
const AMONG_PHONES: Record<string, string> = { '007': '0 07', '2026-03-05': '2026 03 05' };

describe('writeCsv', () => {
  it('when every field is hostile › shows each literally, and none is a formula', async () => {
    const companies = HOSTILE_TEXTS.map((text, index) => hostileCompany(index + 1, text));

    const rows = readCsv(await write(companies));

    expect(HOSTILE_TEXTS.length).toBeGreaterThanOrEqual(40);
    expect(rows.flat().filter((cell) => FORMULA.test(cell))).toEqual([]);
    for (const [index, text] of HOSTILE_TEXTS.entries()) {
      const lines = text.replace(/\r\n?/g, '\n');
      const literal = FORMULA_LIKE.test(lines) ? `'${lines}` : lines;
      // Half a pair of surrogates is no text in any file.
      const cells = Array(8).fill(Buffer.from(literal).toString());
      cells[4] = AMONG_PHONES[text] ?? cells[4];
      expect(rows[index + 1]?.slice(1)).toEqual(cells);
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
      '+7 (900) 123 45 67, +7 900000',
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

  it('when the reader is Russian › has semicolons and decimal commas', async () => {
    const text = await write([fullCompany], { language: 'ru' });

    expect(text.startsWith('\ufeffid;title;')).toBe(true);
    expect(readCsv(text, ';')[1]?.[8]).toBe('-1234,5');
  });

  it('when the reader is English › has a BOM, without which Excel garbles letters', async () => {
    expect((await write([fullCompany])).startsWith('\ufeffid,title,')).toBe(true);
  });

  it.each([
    ['en', '1234567890123456.78', '1234567890123456.78'],
    ['ru', '1234567890123456.78', '1234567890123456,78'],
    ['en', '1.0E+25', '10000000000000000000000000'],
    ['ru', '-0.125', '-0,125'],
  ] as const)(
    'when a number has more digits than fit, in %s › has all of %s',
    async (language, digits, cell) => {
      const company = aReadCompany({ revenue: Number(digits), exactRevenue: digits });

      const text = await write([company], { language });

      expect(readCsv(text, language === 'ru' ? ';' : ',')[1]?.[8]).toBe(cell);
    },
  );

  it('when phones are digits or have dashes › a spreadsheet neither makes numbers of them nor calculates', async () => {
    const phones = ['+74991110022', '+7-495-1234567', '84991110022'];

    const [, row] = readCsv(await write([aReadCompany({ phones })]));

    expect(row?.[5]).toBe('+7 4991110022, +7 495 1234567, 8 4991110022');
  });

  it('when a text has line ends of all kinds › each is one character', async () => {
    const [, row] = readCsv(await write([aReadCompany({ title: 'a\r\nb\rc\nd' })]));

    expect(row?.[1]).toBe('a\nb\nc\nd');
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

    expect([row?.[2], row?.[7]]).toEqual(['X', 'User 12']);
  });

  it('when it is written › only the process’s own user may read it', async () => {
    const path = join(newDataDir(), 'a.csv');

    await writeCsv(path, inBatches([]), aRequest(), new AbortController().signal);

    expect(statSync(path).mode & 0o777).toBe(0o600);
  });
});

const fullCompany = aReadCompany({
  id: 7,
  type: { id: 'CUSTOMER', name: 'Client' },
  industry: { id: 'IT', name: 'IT' },
  employees: { id: 'E2', name: '50-250' },
  phones: ['+7 (900) 123-45-67', '+7900000'],
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
