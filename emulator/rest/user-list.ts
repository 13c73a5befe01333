import { toComparable, type ValueTest } from '../crm/comparable.ts';
import { type Condition, compileCondition, OPERATOR_OF_PREFIX, readValues } from '../crm/filter.ts';
import { joinFilters } from '../crm/row-filter.ts';
import {
  type Columns,
  type OrderEntry,
  PAGE_SIZE,
  type Page,
  rowsOfList,
  Table,
  type Visibility,
} from '../crm/table.ts';
import { asEntries, asList, asText, findParam, isArrayLike, type PhpValue } from '../wire/php-params.ts';
import { type Outcome, type RestCall, readStart } from './method.ts';
import { kindOfUserField, readableUserFields, toUserRow, type UserRow } from './user-rows.ts';

/**
 * `user.get` and `user.search`, which the portal answers with the same code [core:rest/lib/api/user.php].
 *
 * Unlike other lists they take `start` as it is; `total` is missing when nothing was found, and 0 when counting was
 * skipped.
 */
export function listUsers(call: RestCall, search: 'get' | 'search'): Outcome {
  const rows = call.portal.users.map((user) => toUserRow(user, call));
  const table = new Table<UserRow>(rowsOfList(rows), COLUMNS);
  const filter = joinFilters(
    readConditions(call, search).flatMap((condition) => {
      const { field } = condition;
      const test =
        field === NAME_SEARCH ? wordPrefixTest(condition.values[0] ?? '') : testOf(condition, call);
      return test ? [table.testColumn(field, test)] : [];
    }),
  );
  const start = readStart(call);
  const { rows: found, total } = rowsFrom(Math.max(0, start), (from) =>
    table.page(EVERYBODY, readOrder(call), filter, from),
  );
  const result = found.map(rowSelector(call));
  if (result.length === 0) return { result };
  if (start < 0) return { result, total: 0 };
  const next = start + result.length;
  return { result, total, ...(next < total && { next }) };
}

/** Rows from any position, taken out of the two pages that it lies between. */
function rowsFrom(from: number, pageAt: (from: number) => Page<UserRow>): { rows: UserRow[]; total: number } {
  const { rows: first, total = 0 } = pageAt(from);
  if (from >= total) return { rows: [], total };
  const inPage = from % PAGE_SIZE;
  const second = inPage > 0 && first.length === PAGE_SIZE ? pageAt(from + PAGE_SIZE).rows : [];
  return { rows: [...first, ...second].slice(inPage, inPage + PAGE_SIZE), total };
}

/** Name of an internal column: all personal fields in one text. Answers do not contain it. */
const NAME_SEARCH = 'NAME_SEARCH';

/** Fields in which `user.search` matches beginnings of words. */
const PERSONAL_FIELDS = ['NAME', 'LAST_NAME', 'SECOND_NAME', 'WORK_POSITION'];

/**
 * Conditions on fields that the scope gives; others are dropped. Without FILTER all parameters are read as conditions.
 *
 * The portal reads at most two characters of a prefix, so `!=%NAME` is a condition on an unknown field, although the
 * documents list it.
 */
function readConditions(call: RestCall, search: 'get' | 'search'): Condition[] {
  const given = findParam(call.params, 'filter');
  const known = readableUserFields(call);
  return asEntries(isArrayLike(given) ? given : call.params).flatMap(([key, value]): Condition[] => {
    const [, prefix = '', name = ''] = /^(\W{0,2})(.*)$/s.exec(key.toUpperCase()) ?? [];
    const values = readValues(value);
    if (name === NAME_SEARCH || (name === 'FIND' && search === 'search')) {
      return [{ field: NAME_SEARCH, operator: '=', values }];
    }
    const operator = OPERATOR_OF_PREFIX[prefix];
    if (operator === undefined || !known.includes(name)) return [];
    const isBeginning = search === 'search' && prefix === '' && PERSONAL_FIELDS.includes(name);
    if (isBeginning) return [{ field: name, operator: 'like', values: values.map((text) => `${text}%`) }];
    return [{ field: name, operator, values: FLAGS.has(name) ? values.map(toFlag) : values }];
  });
}

const FLAGS = new Set(['ACTIVE', 'IS_ONLINE']);

/** Every filled value but `N` means yes. */
function toFlag(value: string): string {
  return value === '' || value === '0' || value.toUpperCase() === 'N' ? 'N' : 'Y';
}

/** `NAME: "Iva%"` is a pattern without an operator; without `%` the whole name must match. */
function testOf({ field, operator, values }: Condition, { portal }: RestCall): ValueTest | undefined {
  const kind = kindOfUserField(field);
  if (kind === undefined) return undefined;
  const isPattern = operator === '=' && kind === 'text' && values.some((value) => value.includes('%'));
  return compileCondition(
    { field, operator: isPattern ? 'like' : operator, values },
    kind,
    portal.serverZone,
  );
}

/** Every word of the search text must be a prefix of a word of the value. */
function wordPrefixTest(text: string): ValueTest {
  const wanted = toWords(text.toLowerCase());
  return (value) => {
    const words = toWords(typeof value === 'string' ? value : '');
    return wanted.every((beginning) => words.some((word) => word.startsWith(beginning)));
  };
}

function toWords(text: string): string[] {
  return text.split(/[\s,.]+/u).filter((word) => word !== '');
}

/** Without both `sort` and `order` users are ordered by ID. */
function readOrder(call: RestCall): OrderEntry[] {
  const [sort, order] = [asText(call.param('sort')), asText(call.param('order'))];
  if (!sort || !order) return [{ field: 'ID', descending: false }];
  return [{ field: sort.toUpperCase(), descending: order.toUpperCase() === 'DESC' }];
}

/** `select`: fields that the scope or the portal does not have are skipped, and the ID is not added. */
function rowSelector(call: RestCall): (row: UserRow) => Partial<UserRow> {
  const readable = readableUserFields(call);
  const names = readNames(call.param('select'));
  const isWhole = names.length === 0 || names.includes('*');
  const fields = readable.filter(
    (field) => isWhole || names.includes(field) || (field.startsWith('UF_') && names.includes('UF_*')),
  );
  return (row) => Object.fromEntries(fields.map((field) => [field, row[field]])) as Partial<UserRow>;
}

function readNames(select: PhpValue | undefined): string[] {
  return isArrayLike(select) ? asList(select).map((name) => asText(name) ?? '') : [];
}

const EVERYBODY: Visibility<UserRow> = { key: 'all', includesAll: true, test: () => true };

const COLUMNS: Columns<UserRow> = {
  kindOf: kindOfUserField,
  valueOf(row, field, kind) {
    if (field === NAME_SEARCH)
      return PERSONAL_FIELDS.map((name) => row[name])
        .join(' ')
        .toLowerCase();
    const value = row[field];
    if (typeof value === 'boolean') return value ? 'y' : 'n';
    if (Array.isArray(value)) return value.map(String);
    return typeof value === 'string' ? toComparable(value, kind, '+00:00') : null;
  },
};
