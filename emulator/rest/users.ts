import type { Outcome, RestCall, RestMethods } from './method.ts';
import { listUsers } from './user-list.ts';
import { readableUserFields, toUserRow } from './user-rows.ts';

const USER_SCOPES = ['user', 'user_basic', 'user_brief'] as const;

/** Users of the portal (section 7.7). */
export const USER_METHODS: RestMethods = {
  profile: { scopes: [], run: showProfile },
  'user.admin': { scopes: [], run: ({ user }) => ({ result: user.admin }) },
  'user.current': { scopes: USER_SCOPES, run: showCurrentUser },
  'user.get': { scopes: USER_SCOPES, run: (call) => listUsers(call, 'get') },
  'user.search': { scopes: USER_SCOPES, run: (call) => listUsers(call, 'search') },
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

/** Fields of `user.get` that `user.current` does not have [RU:api-reference/user/user-current.md, sample]. */
const NOT_IN_CURRENT = ['TIMESTAMP_X', 'USER_TYPE'];

/** Other than in `user.get`, the last activity is a text. */
function showCurrentUser(call: RestCall): Outcome {
  const row = { ...toUserRow(call.user, call), LAST_ACTIVITY_DATE: '2026-01-12 09:00:00' };
  const fields = readableUserFields(call).filter((field) => !NOT_IN_CURRENT.includes(field));
  return { result: Object.fromEntries(fields.map((field) => [field, row[field as keyof typeof row]])) };
}
