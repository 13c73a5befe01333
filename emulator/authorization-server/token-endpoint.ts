import { toUnixSeconds } from '../clock.ts';
import type { EmulatorContext } from '../emulator-context.ts';
import type { Client } from '../grants/clients.ts';
import { type GrantOwner, type IssuedTokens, isOfFormerInstallation } from '../grants/grants.ts';
import type { AboutRequest } from '../record/recorded-request.ts';
import { type Answer, jsonAnswer } from '../wire/answer.ts';
import type { HttpRequest } from '../wire/http-request.ts';
import type { Route } from '../wire/serve.ts';

/** Parameters of a token request. A parameter that is an array counts as absent. */
interface TokenRequest {
  grantType: string | undefined;
  clientId: string | undefined;
  clientSecret: string | undefined;
  code: string | undefined;
  refreshToken: string | undefined;
}

/** `/oauth/token/` (sections 2.2, 2.3 and 2.7), by GET with a query or by POST with a form. */
export function routeToken(context: EmulatorContext, httpRequest: HttpRequest): Route {
  const request = readTokenRequest(httpRequest);
  const owner = findOwner(context, request);
  return {
    kind: 'token',
    about: describeTokenRequest(request, owner),
    faultSubject: { on: 'token', portal: owner?.portal.host, grantType: request.grantType },
    perform: () => answerTokenRequest(context, request),
  };
}

/** The server reads the query first, then the body (2.2). */
function readTokenRequest({ query, form }: HttpRequest): TokenRequest {
  const param = (name: string) => [query[name], form[name]].find((value) => typeof value === 'string');
  return {
    grantType: param('grant_type'),
    clientId: param('client_id'),
    clientSecret: param('client_secret'),
    code: param('code'),
    refreshToken: param('refresh_token'),
  };
}

function findOwner(
  { grants }: EmulatorContext,
  { code, refreshToken }: TokenRequest,
): GrantOwner | undefined {
  return grants.findCode(code ?? '') ?? grants.findRefreshToken(refreshToken ?? '')?.family;
}

function describeTokenRequest(
  { grantType, clientId }: TokenRequest,
  owner: GrantOwner | undefined,
): AboutRequest {
  return {
    ...(grantType !== undefined && { grantType }),
    ...(clientId !== undefined && { clientId }),
    ...(owner && { portal: owner.portal.host, memberId: owner.portal.memberId, userId: owner.userId }),
  };
}

/** Checks in the order of section 2.7: client, grant type, secret, parameter, code or token, installed, paid. */
function answerTokenRequest(context: EmulatorContext, request: TokenRequest): Answer {
  const client = context.clients.find(request.clientId);
  if (client === undefined) return refuse(200, 'wrong_client');
  if (!isKnownGrantType(request.grantType)) {
    return refuse(400, 'invalid_request', 'Invalid grant_type parameter or parameter missing');
  }
  if (request.clientSecret !== client.clientSecret) return refuse(400, 'invalid_client');
  switch (request.grantType) {
    case 'authorization_code':
      return exchangeCode(context, client, request.code);
    case 'refresh_token':
      return refresh(context, client, request.refreshToken);
    default:
      return refuse(400, 'unsupported_grant_type');
  }
}

/** The grant types of RFC 6749. Applications may use only the first two. */
const KNOWN_GRANT_TYPES = ['authorization_code', 'refresh_token', 'password', 'client_credentials'];

function isKnownGrantType(grantType: string | undefined): boolean {
  return grantType !== undefined && KNOWN_GRANT_TYPES.includes(grantType);
}

function exchangeCode(context: EmulatorContext, client: Client, value: string | undefined): Answer {
  if (value === undefined || value === '') return refuse(400, 'invalid_request');
  const code = context.grants.findCode(value);
  if (code === undefined || code.clientId !== client.clientId || code.used)
    return refuse(400, 'invalid_grant');
  if (context.grants.hasExpired(code)) {
    return refuse(401, 'expired_token', 'The authorization token provided has expired.');
  }
  return refuseIfNotUsable(code) ?? tokenResponse(context, client, code, context.grants.redeemCode(code));
}

function refresh(context: EmulatorContext, client: Client, value: string | undefined): Answer {
  if (value === undefined || value === '') {
    return refuse(400, 'invalid_request', 'No "refresh_token" parameter found');
  }
  const token = context.grants.findRefreshToken(value);
  if (token === undefined || token.family.clientId !== client.clientId) return refuse(400, 'invalid_grant');
  if (token.used) context.grants.handleReplay(token);
  if (token.used || token.family.ended) return refuse(400, 'invalid_grant');
  if (context.grants.hasExpired(token)) {
    return refuse(401, 'expired_token', 'The refresh token provided has expired.');
  }
  const refused = refuseIfNotUsable(token.family);
  if (refused) return refused;
  if (token.family.portal.findUser(token.family.userId)?.appAccess === false)
    return refuse(403, 'user_access_error');
  return tokenResponse(context, client, token.family, context.grants.rotate(token));
}

/** Refuses when the application is not installed, was installed again since the grant, or is not paid for. */
function refuseIfNotUsable(grant: GrantOwner & { installation: number }): Answer | undefined {
  if (!grant.portal.installed) return refuse(401, 'NOT_INSTALLED', 'Application not installed');
  if (isOfFormerInstallation(grant)) return refuse(400, 'invalid_grant');
  if (grant.portal.unpaid) return refuse(401, 'PAYMENT_REQUIRED', 'Payment required');
  return undefined;
}

/** The token response of section 2.3: without `token_type`, and `domain` is the authorization server. */
function tokenResponse(
  context: EmulatorContext,
  client: Client,
  owner: GrantOwner,
  tokens: IssuedTokens,
): Answer {
  const { portals, switches, serverDomain, authorizationServer } = context;
  return jsonAnswer(
    200,
    {
      access_token: tokens.accessToken,
      expires: toUnixSeconds(tokens.accessTokenExpiresAtMs),
      // An integer on the wire, also when a test sets a lifetime of half a second.
      expires_in: Math.max(1, Math.round(switches.accessTokenLifetimeSeconds)),
      scope: switches.tokenScope,
      domain: serverDomain,
      server_endpoint: `${authorizationServer}/rest/`,
      status: client.status,
      client_endpoint: portals.clientEndpointOf(owner.portal),
      member_id: owner.portal.memberId,
      user_id: owner.userId,
      refresh_token: tokens.refreshToken,
    },
    NO_STORE,
  );
}

const NO_STORE = { 'cache-control': 'no-store' };

function refuse(status: number, error: string, description?: string): Answer {
  const body = description === undefined ? { error } : { error, error_description: description };
  return { ...jsonAnswer(status, body, NO_STORE), error };
}
