import { FILE_WIDTHS } from '../../bitrix24/crm/company-columns.ts';
import type { ExportView } from '../jobs/export-job.ts';
import type { Cell, ExactNumber } from './cells.ts';
import { DATE_STYLE, HEADER_STYLE } from './workbook-xml.ts';

/** Excel's own limits: rows of a sheet without its header, characters of a cell. */
export const MOST_ROWS = 1_048_575;
const MOST_CHARACTERS = 32_767;
/** Significant digits of a number. */
const MOST_DIGITS = 15;

const DAY_MS = 24 * 3600_000;
/** Days from Excel's zero to 1970. */
const EPOCH_DAYS = 25_569;

export function buildSheetStart({ columns, header }: ExportView): string {
  const widths = columns.map((column, index) => {
    const at = index + 1;
    return `<col min="${at}" max="${at}" width="${FILE_WIDTHS[column]}" customWidth="1"/>`;
  });
  return [
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n',
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetViews><sheetView workbookViewId="0">',
    '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>',
    `<cols>${widths.join('')}</cols><sheetData>`,
    `<row r="1">${header.map((name, column) => textCell(`${nameOfColumn(column)}1`, name, HEADER_STYLE)).join('')}</row>`,
  ].join('');
}

/** @param row  from 1 */
export function buildSheetRow(row: number, cells: Cell[]): string {
  let xml = `<row r="${row}">`;
  for (const [column, cell] of cells.entries()) {
    if (cell !== null) xml += buildCell(`${nameOfColumn(column)}${row}`, cell);
  }
  return `${xml}</row>`;
}

/** @param lastRow  of those that were written */
export function buildSheetEnd({ columns }: ExportView, lastRow: number): string {
  const filter = `<autoFilter ref="A1:${nameOfColumn(columns.length - 1)}${lastRow}"/>`;
  return `</sheetData>${filter}</worksheet>`;
}

function buildCell(place: string, cell: Exclude<Cell, null>): string {
  if (typeof cell === 'string') return textCell(place, cell);
  if (typeof cell === 'number') return `<c r="${place}"><v>${cell}</v></c>`;
  if (cell instanceof Date) return dateCell(place, cell);
  return exactCell(place, cell);
}

function dateCell(place: string, date: Date): string {
  // One division, so that the nearest number to the very millisecond comes out: what is a little less is the minute before.
  const days = (date.getTime() + EPOCH_DAYS * DAY_MS) / DAY_MS;
  // Excel knows no time before 1900, and takes its first months for others.
  if (days < 61) return textCell(place, date.toISOString());
  return `<c r="${place}" s="${DATE_STYLE}"><v>${days}</v></c>`;
}

/** A number as far as Excel keeps its digits; else a text, which keeps them all. */
function exactCell(place: string, { digits }: ExactNumber): string {
  const significant = digits.replace(/^-?[0.]*|\./g, '').replace(/^(\d*?)0*$/, '$1');
  return significant.length > MOST_DIGITS ? textCell(place, digits) : `<c r="${place}"><v>${digits}</v></c>`;
}

function textCell(place: string, text: string, style?: number): string {
  const styled = style === undefined ? '' : ` s="${style}"`;
  return `<c r="${place}"${styled} t="inlineStr"><is><t xml:space="preserve">${escapeText(text)}</t></is></c>`;
}

/** Text as a cell shows it: XML cannot hold some characters, and Excel writes those as `_x0000_`. */
export function escapeText(text: string): string {
  const shown = text.length > MOST_CHARACTERS ? text.slice(0, MOST_CHARACTERS) : text;
  if (!UNUSUAL.test(shown)) return shown;
  return shown
    .replace(LOOKS_ESCAPED, '_x005F$&')
    .replace(LONE_SURROGATES, '\ufffd')
    .replace(NOT_IN_XML, (character) => {
      return `_x${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}_`;
    })
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');
}

/** Anything that needs escaping; most texts have none of it. */
const UNUSUAL = /[^\n\t -%'-;=?-^`-\ud7ff\ue000-\ufffd]/;
// What is escaped itself will begin with the underscore that is still missing.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this is about
const LOOKS_ESCAPED = /_(?=x[\da-f]{4}[_\0-\x08\x0b-\x1f\ufffe\uffff])/gi;
const LONE_SURROGATES = /\p{Surrogate}/gu;
// A carriage return would be allowed, but XML parsers make a line feed of it.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this is about
const NOT_IN_XML = /[\0-\x08\x0b-\x1f\ufffe\uffff]/g;

const NAMES = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';

function nameOfColumn(index: number): string {
  return NAMES[index] ?? '';
}
