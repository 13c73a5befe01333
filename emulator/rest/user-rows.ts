import { toIsoWithOffset, toLocalDay, toWireDay } from '../clock.ts';
import type { FieldKind } from '../crm/comparable.ts';
import type { PortalUser } from '../portal/portal.ts';
import type { RestCall } from './method.ts';

/** A user as `user.get` gives them. An instant that the portal's code does not convert arrives as an empty object. */
export interface UserRow {
  ID: string;
  [field: string]: string | boolean | number[] | object;
}

/** Fields in the order of answers, and how they are compared [RU:api-reference/user/user-get.md, sample]. */
const FIELDS: Readonly<Record<string, FieldKind>> = {
  ID: 'number',
  ACTIVE: 'text',
  NAME: 'text',
  LAST_NAME: 'text',
  SECOND_NAME: 'text',
  EMAIL: 'text',
  LAST_LOGIN: 'instant',
  DATE_REGISTER: 'day',
  TIME_ZONE: 'text',
  IS_ONLINE: 'text',
  TIMESTAMP_X: 'instant',
  LAST_ACTIVITY_DATE: 'instant',
  PERSONAL_GENDER: 'text',
  PERSONAL_WWW: 'text',
  PERSONAL_BIRTHDAY: 'day',
  PERSONAL_MOBILE: 'text',
  PERSONAL_CITY: 'text',
  WORK_PHONE: 'text',
  WORK_POSITION: 'text',
  UF_EMPLOYMENT_DATE: 'day',
  UF_DEPARTMENT: 'list',
  USER_TYPE: 'text',
};

/** What narrower scopes do not give, and do not filter by [core:rest/lib/api/user.php; RU:…/user/user-scope.md]. */
const NOT_IN_BASIC = ['LAST_LOGIN', 'PERSONAL_WWW'];
const NOT_IN_BRIEF = [...NOT_IN_BASIC, 'EMAIL', 'PERSONAL_MOBILE', 'WORK_PHONE'];

/** Fields that the scope of the application gives, in the order of answers. */
export function readableUserFields({ scope }: Pick<RestCall, 'scope'>): string[] {
  const all = Object.keys(FIELDS);
  if (scope.includes('user')) return all;
  const hidden = scope.includes('user_basic') ? NOT_IN_BASIC : NOT_IN_BRIEF;
  return all.filter((field) => !hidden.includes(field));
}

export function kindOfUserField(field: string): FieldKind | undefined {
  return Object.hasOwn(FIELDS, field) ? FIELDS[field] : undefined;
}

/** The registration of every user, and their last sign-in: the emulator does not record either. */
const REGISTERED_AT = Date.UTC(2025, 0, 15, 9);
const LAST_LOGIN_AT = Date.UTC(2026, 0, 12, 6);

/** All fields of a user. Whoever calls is online, the others are not. */
export function toUserRow(user: PortalUser, call: RestCall): UserRow {
  const { serverZone: zone } = call.portal;
  return {
    ID: String(user.id),
    ACTIVE: user.active,
    NAME: user.name,
    LAST_NAME: user.lastName,
    SECOND_NAME: '',
    EMAIL: user.email,
    LAST_LOGIN: toIsoWithOffset(LAST_LOGIN_AT, zone),
    DATE_REGISTER: toWireDay(toLocalDay(REGISTERED_AT, zone), zone, call.context.clock.now()),
    TIME_ZONE: user.timeZone,
    IS_ONLINE: user.id === call.user.id ? 'Y' : 'N',
    TIMESTAMP_X: {},
    LAST_ACTIVITY_DATE: {},
    PERSONAL_GENDER: user.gender,
    PERSONAL_WWW: '',
    PERSONAL_BIRTHDAY: '',
    PERSONAL_MOBILE: '',
    PERSONAL_CITY: '',
    WORK_PHONE: '',
    WORK_POSITION: user.position,
    UF_EMPLOYMENT_DATE: '',
    UF_DEPARTMENT: [1],
    USER_TYPE: 'employee',
  };
}
