import { COMPANY_SORTS, type CompanySort } from '../bitrix24/crm/company-list.ts';

/** What a list can show of a company, in the order in which it is offered. */
export const COLUMNS = [
  'id',
  'title',
  'type',
  'industry',
  'employees',
  'contacts',
  'responsible',
  'revenue',
  'created',
  'modified',
] as const;

export const DEFAULT_COLUMNS = COLUMNS.filter((column) => column !== 'employees');

/** Those that portals sort by. */
export function isSortable(column: string): column is CompanySort {
  return COMPANY_SORTS.includes(column as CompanySort);
}
