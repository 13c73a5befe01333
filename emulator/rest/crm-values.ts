import { toIsoWithOffset, toWireDay } from '../clock.ts';
import { parseInstant } from '../crm/comparable.ts';
import type { CrmField } from '../crm/fields.ts';
import { type CrmRow, isMultifieldName } from '../crm/row.ts';
import type { ServerZone } from '../server-zone.ts';
import type { RestCall } from './method.ts';

/** Name of the kind of rows in addresses of files. */
export type EntityName = 'company' | 'contact' | 'deal';

/** What an answer writes for the value of one row. */
type Write = (row: CrmRow) => unknown;

/**
 * Makes a function that writes rows with these fields, as the classic methods do (company-data 5.3).
 *
 * @param method  an empty user field is null in a list and an empty text in `get`
 */
export function rowWriter(
  call: RestCall,
  entity: EntityName,
  fields: readonly CrmField[],
  method: 'list' | 'get',
): (row: CrmRow) => Record<string, unknown> {
  const writers = fields.map((field): [string, Write] => [
    field.name,
    writerOf(field, valueWriter(call, entity, field), method === 'get' ? '' : null),
  ]);
  return (row) => {
    const written: Record<string, unknown> = {};
    for (const [name, write] of writers) {
      const value = write(row);
      if (value !== undefined) written[name] = value;
    }
    return written;
  };
}

/** Without phones there is no `PHONE` key; an empty multiple user field is false; other missing values are null. */
function writerOf(
  { name, userField }: CrmField,
  writeValue: (value: string, row: CrmRow) => unknown,
  emptyUserField: '' | null,
): Write {
  if (isMultifieldName(name)) return (row) => row[name];
  const isEmpty = (value: unknown) => value === null || value === undefined || value === '';
  if (userField?.isMultiple) {
    return (row) => {
      const values = (row[name] ?? []) as string[];
      return values.length === 0 ? false : values.map((value) => writeValue(value, row));
    };
  }
  return (row) => {
    const value = row[name];
    if (userField && isEmpty(value)) return emptyUserField;
    if (typeof value !== 'string' || value === '') return value ?? null;
    return writeValue(value, row);
  };
}

/** A day or an instant of a row as answers have it; other values stay as they are. */
export function writeMoment(value: string, type: string, zone: ServerZone, nowMs: number): string {
  if (type === 'date') return writeDay(value, zone, nowMs);
  return type === 'datetime' ? writeInstant(value, zone) : value;
}

function valueWriter(
  { portal, context, accessToken }: RestCall,
  entity: EntityName,
  { name, type, isDynamic }: CrmField,
): (value: string, row: CrmRow) => unknown {
  const { serverZone } = portal;
  const nowMs = context.clock.now();
  switch (type) {
    case 'date':
    case 'datetime':
      return (value) => writeMoment(value, type, serverZone, nowMs);
    case 'file':
      return (value, row) =>
        writeFile(value, { entity, ownerId: row.ID, fieldName: name, isDynamic, accessToken });
    default:
      return (value) => value;
  }
}

/** A day that a row has in the format of answers stays as it is. */
function writeDay(value: string, zone: ServerZone, nowMs: number): string {
  return /^\d{4}-\d\d-\d\d$/.test(value) ? toWireDay(value, zone, nowMs) : value;
}

/** Every instant is written in the server's offset of that instant, whatever offset the row has. */
function writeInstant(value: string, zone: ServerZone): string {
  if (value.endsWith(zone)) return value;
  const ms = parseInstant(value, zone);
  return Number.isNaN(ms) ? value : toIsoWithOffset(ms, zone);
}

interface FileOwner {
  entity: EntityName;
  ownerId: string;
  fieldName: string;
  isDynamic: boolean;
  accessToken: string;
}

/** The addresses are relative to the portal, and one of them contains the caller's access token. */
function writeFile(fileId: string, { entity, ownerId, fieldName, isDynamic, accessToken }: FileOwner) {
  const page = `/bitrix/components/bitrix/crm.${entity}.show/show_file.php`;
  const query = `ownerId=${ownerId}&fieldName=${fieldName}&dynamic=${isDynamic ? 'Y' : 'N'}&fileId=${fileId}`;
  return {
    id: Number(fileId),
    showUrl: `${page}?${query}`,
    downloadUrl: `${page}?auth=${accessToken}&${query}`,
  };
}
