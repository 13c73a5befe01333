import { type FieldKind, toComparable, type ValueTest } from '../crm/comparable.ts';
import { type Condition, compileCondition, readConditions } from '../crm/filter.ts';
import { joinFilters } from '../crm/row-filter.ts';
import { type Columns, rowsOfList, Table, type Visibility } from '../crm/table.ts';
import type { PortalUser } from '../portal/portal.ts';
import { asList, asText, isArrayLike, type PhpValue } from '../wire/php-params.ts';
import { type Outcome, type RestCall, type RestMethods, readStart } from './method.ts';

const USER_SCOPES = ['user', 'user_basic', 'user_brief'] as const;

/** Users of the portal (section 7.7). */
export const USER_METHODS: RestMethods = {
  profile: { scopes: [], run: showProfile },
  'user.admin': { scopes: [], run: ({ user }) => ({ result: user.admin }) },
  'user.current': { scopes: USER_SCOPES, run: (call) => ({ result: toUserRow(call.user, call) }) },
  'user.get': { scopes: USER_SCOPES, run: getUsers },
  'user.search': { scopes: USER_SCOPES, run: searchUsers },
};

function showProfile({ user }: RestCall): Outcome {
  return {
    result: {
      ID: String(user.id),
      ADMIN: user.admin,
      NAME: user.name,
      LAST_NAME: user.lastName,
      PERSONAL_GENDER: user.gender,
      TIME_ZONE: user.timeZone,
    },
  };
}

/** Without FILTER, filter fields may be plain parameters, as in the samples [RU:api-reference/user/user-get.md]. */
function getUsers(call: RestCall): Outcome {
  return listUsers(call, readConditions(call.param('filter') ?? call.params, 'item'));
}

/**
 * `FIND` searches all personal fields, and other fields are then ignored. Without it, names match by prefix
 * [RU:api-reference/user/user-search.md].
 */
function searchUsers(call: RestCall): Outcome {
  const conditions = readConditions(call.param('filter') ?? call.params, 'item');
  const find = conditions.find(({ field }) => field.toUpperCase() === 'FIND');
  if (find) return listUsers(call, [{ ...find, field: NAME_SEARCH }]);
  const beginnings = conditions.map((condition) =>
    condition.operator === '=' && PERSONAL_FIELDS.includes(condition.field.toUpperCase())
      ? { ...condition, values: condition.values.map((value) => `${value}%`) }
      : condition,
  );
  return listUsers(call, beginnings);
}

function listUsers(call: RestCall, conditions: Condition[]): Outcome {
  const rows = call.portal.users.map((user) => toUserRow(user, call));
  const table = new Table<UserRow>(rowsOfList(rows), USER_COLUMNS);
  const tests = conditions.flatMap(({ field: name, operator, values }) => {
    const field = name.toUpperCase();
    if (field === NAME_SEARCH) return [table.testColumn(field, wordPrefixTest(values[0] ?? ''))];
    const kind = table.kindOf(field);
    if (kind === undefined) return [];
    const condition: Condition = {
      field,
      // `NAME: "Iva%"` is a pattern without an operator; without `%` the whole name must match.
      operator:
        operator === '=' && kind === 'text' && values.some((value) => value.includes('%'))
          ? 'like'
          : operator,
      values: field === 'ACTIVE' ? values.map(normalizeActive) : values,
    };
    return [table.testColumn(field, compileCondition(condition, kind, call.portal.utcOffset))];
  });
  const order = {
    field: (asText(call.param('sort')) ?? 'ID').toUpperCase(),
    descending: asText(call.param('order'))?.toUpperCase() === 'DESC',
  };
  const { rows: page, ...counts } = table.page(ALL_USERS, [order], joinFilters(tests), readStart(call));
  return { result: page.map(rowSelector(call.param('select'))), ...counts };
}

/** `ACTIVE` has several spellings. Normalizes a value to `1` for true and an empty string for false. */
function normalizeActive(value: string): string {
  return ['1', 'true', 'y'].includes(value.toLowerCase()) ? '1' : '';
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

/** `select`: fields that the scope or the portal does not have are skipped without an error. */
function rowSelector(select: PhpValue | undefined): (row: UserRow) => UserRow {
  if (!isArrayLike(select)) return (row) => row;
  const names = asList(select).map((name) => asText(name)?.toUpperCase() ?? '');
  const isSelected = (field: string) =>
    names.includes('*') || names.includes(field) || (field.startsWith('UF_') && names.includes('UF_*'));
  return (row) =>
    Object.fromEntries(
      Object.entries(row).filter(([field]) => field === 'ID' || isSelected(field)),
    ) as UserRow;
}

interface UserRow {
  ID: string;
  [field: string]: string | boolean | number[];
}

/** With only the scope `user_brief` there is neither e-mail nor phone. */
function toUserRow(user: PortalUser, { scope }: { scope: string[] }): UserRow {
  const mayReadContacts = scope.includes('user') || scope.includes('user_basic');
  return {
    ID: String(user.id),
    ACTIVE: user.active,
    NAME: user.name,
    LAST_NAME: user.lastName,
    SECOND_NAME: '',
    ...(mayReadContacts && { EMAIL: user.email }),
    TIME_ZONE: user.timeZone,
    PERSONAL_GENDER: user.gender,
    WORK_POSITION: user.position,
    UF_DEPARTMENT: [1],
    USER_TYPE: 'employee',
  };
}

const ALL_USERS: Visibility<UserRow> = { key: 'all', includesAll: true, test: () => true };

/** Fields in which `user.search` matches prefixes. */
const PERSONAL_FIELDS = ['NAME', 'LAST_NAME', 'WORK_POSITION'];

/** Name of an internal column: all personal fields in one text. Answers do not contain it. */
const NAME_SEARCH = 'NAME_SEARCH';

const USER_KINDS: Record<string, FieldKind> = {
  ID: 'number',
  ACTIVE: 'text',
  NAME: 'text',
  LAST_NAME: 'text',
  EMAIL: 'text',
  PERSONAL_GENDER: 'text',
  WORK_POSITION: 'text',
  USER_TYPE: 'text',
};

const USER_COLUMNS: Columns<UserRow> = {
  kindOf: (field) => USER_KINDS[field],
  valueOf(row, field, kind) {
    if (field === NAME_SEARCH)
      return PERSONAL_FIELDS.map((name) => row[name])
        .join(' ')
        .toLowerCase();
    const value = row[field];
    if (typeof value === 'boolean') return value ? '1' : null;
    return typeof value === 'string' ? toComparable(value, kind, '+00:00') : null;
  },
};
