import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { Company } from '../../../src/bitrix24/crm/company.ts';
import type { FileColumn } from '../../../src/bitrix24/crm/company-columns.ts';
import type { ExportRequest } from '../../../src/exports/exports.ts';
import { buildSheetRow } from '../../../src/exports/files/sheet-xml.ts';
import { writeXlsx } from '../../../src/exports/files/xlsx-file.ts';
import { HOSTILE_TEXTS } from '../../support/hostile-texts.ts';
import { newDataDir } from '../../support/start-app.ts';
import { readSheet, readZip } from '../read-files.ts';
import { aReadCompany, aRequest, hostileCompany, inBatches } from '../support.ts';

const TEXTS: FileColumn[] = [
  'title',
  'type',
  'industry',
  'employees',
  'phones',
  'emails',
  'responsible',
  'currency',
];

describe('writeXlsx', () => {
  it('when every field is hostile › shows each literally, in cells of text', async () => {
    const companies = HOSTILE_TEXTS.map((text, index) => hostileCompany(index + 1, text));

    const rows = readSheet(await sheetOf(companies, TEXTS));

    for (const [index, text] of HOSTILE_TEXTS.entries()) {
      const cells = rows[index + 1] ?? [];
      expect(cells.map(({ kind }) => kind)).toEqual(TEXTS.map(() => 'text'));
      expect(new Set(cells.map(({ value }) => value))).toEqual(
        new Set([Buffer.from(text.replace(/\r\n?/g, '\n')).toString()]),
      );
    }
  });

  it('when a text is longer than a cell › cuts it', async () => {
    const [, row] = readSheet(await sheetOf([aReadCompany({ title: 'x'.repeat(40_000) })], ['title']));

    expect(row?.[0]?.value.length).toBe(32_767);
  });

  it('when a company has numbers and instants › they are such, by the reader’s clock', async () => {
    const company = aReadCompany({ id: 7, revenue: -1234.5, created: '2026-03-05T10:20:30+03:00' });

    const [header, row] = readSheet(await sheetOf([company], ['id', 'revenue', 'created', 'modified']));

    expect(header?.map(({ value, style }) => [value, style])).toEqual([
      ['id', 1],
      ['revenue', 1],
      ['created', 1],
      ['modified', 1],
    ]);
    expect(row?.map(({ place, kind, style, value }) => [place, kind, style, value])).toEqual([
      ['A2', 'number', 0, '7'],
      ['B2', 'number', 0, '-1234.5'],
      ['C2', 'number', 2, '46086.43090277778'],
    ]);
  });

  it.each([
    '2026-03-05T10:20:00+03:00',
    '2026-03-05T23:59:59+03:00',
    '1999-12-31T00:00:01-05:00',
    '2026-03-05T10:20:30.250Z',
  ])('when an instant is %s › a spreadsheet gets the very second', async (created) => {
    const [, row] = readSheet(await sheetOf([aReadCompany({ created })], ['created']));

    const seconds = Number(row?.[0]?.value) * 24 * 3600;
    const ofDay = Math.floor(seconds + 1e-5) % (24 * 3600);
    expect(new Date(ofDay * 1000).toISOString().slice(11, 19)).toBe(created.slice(11, 19));
  });

  it('when every second of a day is written › none is a little before its minute', () => {
    const day = Date.UTC(2026, 2, 5);
    const wrong = Array.from({ length: 24 * 3600 }, (_, second) => second).filter((second) => {
      const [row] = readSheet(buildSheetRow(2, [new Date(day + second * 1000)]));
      const value = Number(row?.[0]?.value);
      return Math.round((value - Math.floor(value)) * 24 * 3600 * 1000) !== second * 1000;
    });

    expect(wrong).toEqual([]);
  });

  it.each<['en' | 'ru', string]>([
    ['en', 'dd mmm yyyy hh:mm:ss'],
    ['ru', 'dd.mm.yyyy hh:mm:ss'],
  ])('when the language is %s › instants are shown as %s', async (language, format) => {
    const styles = readZip(await write([], ['created'], { language }))
      .get('xl/styles.xml')
      ?.toString();

    expect(styles).toContain(`formatCode="${format}"`);
  });

  it.each<[string, 'number' | 'text', string]>([
    ['12.500', 'number', '12.500'],
    ['1.0E+25', 'number', '10000000000000000000000000'],
    ['1234567890123456.78', 'text', '1234567890123456.78'],
    ['-0.0000123456789012345', 'number', '-0.0000123456789012345'],
  ])('when a number is %s › is a %s, with all digits', async (digits, kind, value) => {
    const company = aReadCompany({ revenue: Number(digits), exactRevenue: digits });

    const [, row] = readSheet(await sheetOf([company], ['revenue']));

    expect([row?.[0]?.kind, row?.[0]?.value]).toEqual([kind, value]);
  });

  it('when a company has phones › holds them as they are stored', async () => {
    const [, row] = readSheet(
      await sheetOf([aReadCompany({ phones: ['+74991110022', '8-800'] })], ['phones']),
    );

    expect([row?.[0]?.kind, row?.[0]?.value]).toEqual(['text', '+74991110022, 8-800']);
  });

  it('when a responsible person has no name › is named as on a page', async () => {
    const company = aReadCompany({ responsible: { id: 12, name: null } });

    const [, row] = readSheet(await sheetOf([company], ['responsible'], { language: 'ru' }));

    expect(row?.[0]?.value).toBe('Пользователь 12');
  });

  it('when an instant is of no time that Excel knows › is text', async () => {
    const [, row] = readSheet(
      await sheetOf([aReadCompany({ created: '0001-01-01T00:00:00+03:00' })], ['created']),
    );

    expect([row?.[0]?.kind, row?.[0]?.value]).toEqual(['text', '0001-01-01T00:00:00.000Z']);
  });

  it('when it is opened › keeps its header in sight, and filters all of it', async () => {
    const sheet = await sheetOf([aReadCompany(), aReadCompany()], ['id', 'title']);

    expect(sheet).toContain('<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>');
    expect(sheet).toContain('<autoFilter ref="A1:B3"/>');
    expect(sheet).toContain('<col min="2" max="2" width="42" customWidth="1"/>');
  });

  it('when there is more than a sheet can hold › goes on in further ones, each with a header', async () => {
    const companies = Array.from({ length: 25 }, (_, index) => aReadCompany({ id: index + 1 }));

    const files = readZip(await write(companies, ['id'], {}, 10));

    const ids = [1, 2, 3].map((sheet) =>
      readSheet(files.get(`xl/worksheets/sheet${sheet}.xml`)?.toString() ?? '').map(([cell]) => cell?.value),
    );
    expect(ids.map(([first, second, ...rest]) => [first, second, rest.length])).toEqual([
      ['id', '1', 9],
      ['id', '11', 9],
      ['id', '21', 4],
    ]);
    expect(files.get('xl/workbook.xml')?.toString()).toContain(
      '<sheet name="Companies 3" sheetId="3" r:id="rId3"/>',
    );
  });

  it('when its rows fail in the middle › fails with what they say', async () => {
    async function* failing() {
      yield [aReadCompany()];
      throw new Error('the disk is gone');
    }

    const writing = writeXlsx(join(newDataDir(), 'a.xlsx'), failing(), { ...aRequest(), rows: 2 }, never);

    await expect(writing).rejects.toThrow('the disk is gone');
  });

  it('when it is written › only the process’s own user may read it', async () => {
    const path = join(newDataDir(), 'a.xlsx');

    await writeXlsx(path, inBatches([]), { ...aRequest(), rows: 0 }, never);

    expect(statSync(path).mode & 0o777).toBe(0o600);
  });
});

const never = new AbortController().signal;

async function sheetOf(
  companies: Company[],
  columns: FileColumn[],
  request?: Partial<ExportRequest>,
): Promise<string> {
  return (
    readZip(await write(companies, columns, request))
      .get('xl/worksheets/sheet1.xml')
      ?.toString() ?? ''
  );
}

async function write(
  companies: Company[],
  columns: FileColumn[],
  overrides: Partial<ExportRequest> = {},
  sheetRows?: number,
): Promise<Buffer> {
  const path = join(newDataDir(), 'a.xlsx');
  const request = aRequest(overrides, { columns, header: columns });
  await writeXlsx(path, inBatches(companies), { ...request, rows: companies.length }, never, sheetRows);
  return readFileSync(path);
}
