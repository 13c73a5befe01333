import type { CompanySort } from '../bitrix24/crm/company-columns.ts';
import { COLUMN_NAMES, COMPANY_SORTS, type ColumnName, rowOf } from '../bitrix24/crm/company-columns.ts';

/** What a list can show of a company, in the order in which it is offered. */
export const COLUMNS = COLUMN_NAMES as [ColumnName, ...ColumnName[]];

export const DEFAULT_COLUMNS = COLUMNS.filter((name) => !rowOf(name).isOptional);

export function isSortable(column: string): column is CompanySort {
  return COMPANY_SORTS.includes(column as CompanySort);
}
