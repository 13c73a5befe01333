import type { Portal, PortalUser } from '../portal/portal.ts';
import { toPhpArray } from '../wire/php-json.ts';
import { asList, asText, isArrayLike } from '../wire/php-params.ts';
import type { Outcome, RestCall, RestMethods } from './method.ts';

/**
 * Access codes, such as `U7` for a user [RU:api-reference/common/system/access-name.md, users/user-access.md;
 * core:rest/lib/api/user.php]. Groups of users and departments other than the first do not exist here.
 */
export const ACCESS_CODE_METHODS: RestMethods = {
  'access.name': { scopes: [], run: nameCodes },
  'user.access': { scopes: [], run: checkCodes },
};

/** `false` unless ACCESS is a list; codes that do not exist are left out, so the answer may be `[]`. */
function nameCodes({ portal, param }: RestCall): Outcome {
  const access = param('ACCESS');
  if (!isArrayLike(access) || asList(access).length === 0) return { result: false };
  const named = asList(access).flatMap((item): [string, AccessName][] => {
    const code = asText(item) ?? '';
    const name = nameOf(code, portal);
    return name === undefined ? [] : [[code, name]];
  });
  return { result: toPhpArray(named) };
}

/** Whether the user has one of the codes; an administrator has every code, also one that does not exist. */
function checkCodes({ user, param }: RestCall): Outcome {
  const codes = codesOf(user);
  return { result: user.admin || asList(param('ACCESS')).some((code) => codes.includes(asText(code) ?? '')) };
}

interface AccessName {
  provider: string;
  name: string;
  provider_id: string;
}

function nameOf(code: string, portal: Portal): AccessName | undefined {
  const { language } = portal;
  const general = GENERAL_CODES[code];
  if (general) return { provider: '', name: general[language], provider_id: 'other' };
  const user = portal.findUser(Number(/^U([1-9]\d*)$/.exec(code)?.[1]));
  if (user === undefined) return undefined;
  const provider = language === 'ru' ? 'Пользователь' : 'User';
  return { provider, name: `${user.name} ${user.lastName}`, provider_id: 'user' };
}

const GENERAL_CODES: Record<string, { en: string; ru: string }> = {
  G2: { en: 'All visitors', ru: 'Все посетители' },
  AU: { en: 'All authorized users', ru: 'Все авторизованные пользователи' },
  CR: { en: 'Author', ru: 'Автор' },
};

/** `CR` (author) belongs to nobody. All users are in department 1. */
function codesOf({ id }: PortalUser): string[] {
  return ['G2', 'AU', `U${id}`, `IU${id}`, 'D1', 'DR1'];
}
