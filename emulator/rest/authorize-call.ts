import type { EmulatorContext } from '../emulator-context.ts';
import { type AccessToken, isOfFormerInstallation } from '../grants/grants.ts';
import type { Portal } from '../portal/portal.ts';
import type { HttpRequest } from '../wire/http-request.ts';
import type { PhpArray } from '../wire/php-params.ts';
import type { Caller, RestMethod } from './method.ts';
import { RestRefusal } from './refusal.ts';

export interface FoundToken {
  value: string;
  in: 'header' | 'body' | 'query';
}

/**
 * Finds the access token: header first, then body, then query. A token passed as an array is ignored (section 3.2).
 */
export function findToken({ headers, query, form, json, plain }: HttpRequest): FoundToken | undefined {
  const bearer = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1];
  if (bearer !== undefined) return { value: bearer, in: 'header' };
  const inBody = tokenAmong({ ...form, ...json, ...plain });
  if (inBody !== undefined) return { value: inBody, in: 'body' };
  const inQuery = tokenAmong(query);
  return inQuery === undefined ? undefined : { value: inQuery, in: 'query' };
}

function tokenAmong({ auth, access_token }: PhpArray): string | undefined {
  return [auth, access_token].find((value): value is string => typeof value === 'string' && value !== '');
}

/**
 * Checks the access token in the order of section 3.3, #1 to #6.
 *
 * @throws {RestRefusal}  with the code of the first check that fails
 */
export function identifyCaller(
  context: EmulatorContext,
  portal: Portal,
  found: FoundToken | undefined,
): Caller {
  if (found === undefined) throw new RestRefusal('NO_AUTH_FOUND', 'Wrong authorization data');
  const token = context.grants.findAccessToken(found.value);
  if (token === undefined || token.family.portal !== portal) throw unknownToken();
  if (token.seenByPortal) checkCachedToken(context, token);
  else checkNewToken(context, token);
  token.seenByPortal = true;

  const { clientId, userId } = token.family;
  const client = context.clients.find(clientId);
  if (client === undefined) throw new RestRefusal('APPLICATION_NOT_FOUND', 'Application not found');
  const user = portal.findUser(userId);
  if (user === undefined) throw unableToAuthorize();
  return {
    context,
    portal,
    client,
    user,
    scope: portal.grantedScope(client.scope),
    accessToken: found.value,
    accessTokenExpiresAtMs: token.expiresAtMs,
  };
}

/** #2: what the authorization server says about a token that is new to the portal. */
function checkNewToken(context: EmulatorContext, token: AccessToken): void {
  checkAlive(token);
  if (context.grants.hasExpired(token)) {
    throw new RestRefusal('expired_token', 'The access token provided has expired.');
  }
  if (isUninstalled(token)) throw new RestRefusal('ERROR_OAUTH', 'Application not installed');
  checkPaid(token);
}

/** #5 and #6: what the portal itself says about a token it has seen; this text has no full stop at the end. */
function checkCachedToken(context: EmulatorContext, token: AccessToken): void {
  if (isUninstalled(token)) throw new RestRefusal('APPLICATION_NOT_FOUND', 'Application not found');
  checkAlive(token);
  if (context.grants.hasExpired(token)) {
    throw new RestRefusal('expired_token', 'The access token provided has expired');
  }
  checkPaid(token);
}

/** A real portal may accept a cached token for up to an hour longer; here a revoked token is refused at once. */
function checkAlive({ family, dead }: AccessToken): void {
  const replaced = family.portal.installed && isOfFormerInstallation(family);
  if (dead || family.ended || replaced) throw unknownToken();
}

function checkPaid({ family }: AccessToken): void {
  if (family.portal.unpaid) throw new RestRefusal('PAYMENT_REQUIRED', 'Payment required');
}

function isUninstalled({ family }: AccessToken): boolean {
  return !family.portal.installed;
}

function unknownToken(): RestRefusal {
  return new RestRefusal('invalid_token', 'Unable to get application by token');
}

function unableToAuthorize(): RestRefusal {
  return new RestRefusal('authorization_error', 'Unable to authorize user');
}

/** #7; also checked for each command of a batch. */
export function checkScope({ scope }: Caller, method: RestMethod): void {
  if (method.scopes.length > 0 && !method.scopes.some((each) => scope.includes(each))) {
    throw new RestRefusal(
      'insufficient_scope',
      'The request requires higher privileges than provided by the access token',
    );
  }
}

/** #8 and #9. */
export function checkUser({ portal, user }: Caller, cookies: HttpRequest['cookies']): void {
  if (!user.active) throw unableToAuthorize();
  const signedIn = portal.signedInUser(cookies);
  if (signedIn !== undefined && signedIn.id !== user.id) {
    throw new RestRefusal('authorization_error', 'Another user is signed in to this portal: log out first.');
  }
  if (!user.appAccess) {
    throw new RestRefusal('user_access_error', 'The user does not have access to the application.');
  }
}
