import type { Company, DictionaryValue } from '../../bitrix24/crm/company.ts';
import { findTimeZone, wallClock } from '../../i18n/time-zone.ts';
import type { ExportColumn, ExportJob } from '../jobs/export-job.ts';

/** A date is what the reader's clock showed, as if it were UTC; null is an empty cell. */
export type Cell = string | number | Date | null;

export type CellReader = (company: Company) => Cell[];

/** Companies as rows of the chosen columns. */
export function createCellReader({ view, timeZone }: Pick<ExportJob, 'view' | 'timeZone'>): CellReader {
  const zone = findTimeZone(timeZone);
  // What is no instant is at least shown as it is.
  const instant = (iso: string | null): Cell =>
    iso === null ? null : (wallClock(zone?.shift(iso) ?? iso) ?? iso);
  const readers: Record<ExportColumn, (company: Company) => Cell> = {
    id: ({ id }) => id,
    title: ({ title }) => title || null,
    type: ({ type }) => nameOf(type),
    industry: ({ industry }) => nameOf(industry),
    employees: ({ employees }) => nameOf(employees),
    phones: ({ phones }) => phones.join(', ') || null,
    emails: ({ emails }) => emails.join(', ') || null,
    responsible: ({ responsible }) => responsible && (responsible.name ?? String(responsible.id)),
    revenue: ({ revenue }) => revenue,
    currency: ({ currency }) => currency,
    created: ({ created }) => instant(created),
    modified: ({ modified }) => instant(modified),
  };
  const chosen = view.columns.map((column) => readers[column]);
  return (company) => chosen.map((read) => read(company));
}

function nameOf(value: DictionaryValue | null): string | null {
  return value && (value.name ?? value.id);
}
