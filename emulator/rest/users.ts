import { compileCondition, joinFilters, readConditions, toComparable } from '../crm/filter.ts';
import { type Columns, type FieldKind, rowsOfList, Table, type Visibility } from '../crm/table.ts';
import type { Portal, PortalUser } from '../portal/portal.ts';
import { asText } from '../wire/php-params.ts';
import { type Outcome, type RestCall, type RestMethods, readStart } from './method.ts';

const USER_SCOPES = ['user', 'user_basic', 'user_brief'] as const;

/** People of the portal (section 7.7). */
export const USER_METHODS: RestMethods = {
  profile: { scopes: [], run: showProfile },
  'user.admin': { scopes: [], run: ({ user }) => ({ result: user.admin }) },
  'user.current': { scopes: USER_SCOPES, run: (call) => ({ result: toUserRow(call.user, call) }) },
  'user.get': { scopes: USER_SCOPES, run: listUsers },
};

function showProfile({ user, portal }: RestCall): Outcome {
  return {
    result: {
      ID: String(user.id),
      ADMIN: user.admin,
      NAME: user.name,
      LAST_NAME: user.lastName,
      PERSONAL_GENDER: user.gender,
      TIME_ZONE: portal.timeZone,
    },
  };
}

function listUsers(call: RestCall): Outcome {
  const rows = call.portal.users.map((user) => toUserRow(user, call));
  const table = new Table<UserRow>(rowsOfList(rows), USER_COLUMNS);
  const tests = readConditions(call.param('filter')).flatMap((condition) => {
    const kind = table.kindOf(condition.field.toUpperCase());
    return kind === undefined
      ? []
      : [
          table.testColumn(
            condition.field.toUpperCase(),
            compileCondition(condition, kind, call.portal.utcOffset),
          ),
        ];
  });
  const order = {
    field: (asText(call.param('sort')) ?? 'ID').toUpperCase(),
    descending: asText(call.param('order'))?.toUpperCase() === 'DESC',
  };
  const { rows: result, ...counts } = table.page(EVERYBODY, [order], joinFilters(tests), readStart(call));
  return { result, ...counts };
}

interface UserRow {
  ID: string;
  [field: string]: string | boolean | number[];
}

/** `user_brief` gives neither e-mail nor phones. */
function toUserRow(user: PortalUser, { portal, scope }: { portal: Portal; scope: string[] }): UserRow {
  const mayReadContacts = scope.includes('user') || scope.includes('user_basic');
  return {
    ID: String(user.id),
    ACTIVE: user.active,
    NAME: user.name,
    LAST_NAME: user.lastName,
    SECOND_NAME: '',
    ...(mayReadContacts && { EMAIL: user.email }),
    TIME_ZONE: portal.timeZone,
    PERSONAL_GENDER: user.gender,
    WORK_POSITION: user.position,
    UF_DEPARTMENT: [1],
    USER_TYPE: 'employee',
  };
}

const EVERYBODY: Visibility<UserRow> = { key: 'everybody', everything: true, test: () => true };

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
    const value = row[field];
    if (typeof value === 'boolean') return value ? '1' : null;
    return typeof value === 'string' ? toComparable(value, kind, '+00:00') : null;
  },
};
