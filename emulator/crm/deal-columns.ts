import type { ServerZone } from '../server-zone.ts';
import { crmColumns } from './columns.ts';
import type { DealCategory } from './deal-categories.ts';
import { DEAL_FIELDS, STAGE_SORT } from './deal-fields.ts';
import type { CrmRow } from './row.ts';
import type { Columns } from './table.ts';

/** Columns of deals, with one more: the position of the stage in its pipeline, which orders by STAGE_ID use. */
export function dealColumns(categories: readonly DealCategory[], zone: ServerZone): Columns<CrmRow> {
  const columns = crmColumns(DEAL_FIELDS, zone);
  const positions = new Map(
    categories.flatMap(({ stages }) => stages.map(({ STATUS_ID }, index) => [STATUS_ID, index] as const)),
  );
  return {
    kindOf: (field) => (field === STAGE_SORT ? 'number' : columns.kindOf(field)),
    valueOf: (row, field, kind) =>
      field === STAGE_SORT
        ? (positions.get(String(row.STAGE_ID)) ?? null)
        : columns.valueOf(row, field, kind),
  };
}
