import { toIsoWithOffset } from '../clock.ts';
import type { EmulatorContext } from '../emulator-context.ts';
import { type AccessToken, isOfFormerInstallation } from '../grants/grants.ts';
import { findToken } from '../rest/authorize-call.ts';
import { startTimeBlock } from '../rest/time-block.ts';
import { type Answer, jsonAnswer } from '../wire/answer.ts';
import type { HttpRequest } from '../wire/http-request.ts';
import type { Route } from '../wire/serve.ts';

/** `{server_endpoint}app.info`: the trusted way to find the portal and user of an access token (section 3.1). */
export function routeAppInfo(context: EmulatorContext, httpRequest: HttpRequest): Route {
  const found = findToken(httpRequest);
  const token = found && context.grants.findAccessToken(found.value);
  const portal = token?.family.portal;
  return {
    kind: 'rest',
    about: {
      restMethod: 'app.info',
      ...(found && { tokenIn: found.in }),
      ...(token && { clientId: token.family.clientId, userId: token.family.userId }),
      ...(portal && { portal: portal.host, memberId: portal.memberId }),
    },
    faultSubject: { on: 'app.info', portal: portal?.host, restMethod: 'app.info' },
    perform: () => answerAppInfo(context, token),
  };
}

/** Two SDKs of the vendor fail on an answer without `time` (section 13). */
function answerAppInfo(context: EmulatorContext, token: AccessToken | undefined): Answer {
  const stopTime = startTimeBlock(context.clock, { serverZone: '+00:00' });
  if (token === undefined || isEnded(token)) return refuse(400, 'invalid_client');
  if (context.grants.hasExpired(token)) {
    return refuse(401, 'expired_token', 'The access token provided has expired.');
  }
  if (!token.family.portal.installed) return refuse(401, 'ERROR_OAUTH', 'Application not installed');
  if (token.family.portal.unpaid) return refuse(401, 'PAYMENT_REQUIRED', 'Payment required');
  return jsonAnswer(200, { result: describe(context, token), time: stopTime() });
}

/** A replaced or revoked token gets the same answer as an unknown one. */
function isEnded({ family, dead }: AccessToken): boolean {
  return dead || family.ended || (family.portal.installed && isOfFormerInstallation(family));
}

function describe({ clients, portals, switches }: EmulatorContext, { family, expiresAtMs }: AccessToken) {
  const client = clients.find(family.clientId);
  return {
    client_id: family.clientId,
    scope: switches.tokenScope,
    expires: toIsoWithOffset(expiresAtMs, '+00:00'),
    install: {
      installed: true,
      version: 1,
      status: client?.status,
      scope: family.portal.grantedScope(client?.scope ?? []).join(','),
      domain: portals.originOf(family.portal).replace('http://', ''),
      uri: portals.originOf(family.portal),
      client_endpoint: portals.clientEndpointOf(family.portal),
      member_id: family.portal.memberId,
      member_type: 'emulated',
    },
    user_id: family.userId,
  };
}

function refuse(status: number, error: string, description?: string): Answer {
  const body = description === undefined ? { error } : { error, error_description: description };
  return { ...jsonAnswer(status, body), error };
}
