import { toIsoWithOffset } from '../clock.ts';
import { type AccessToken, isOfFormerInstallation } from '../grants/grants.ts';
import { findToken } from '../rest/authorize-call.ts';
import { type Answer, jsonAnswer } from '../wire/answer.ts';
import type { Asked } from '../wire/asked.ts';
import type { Route } from '../wire/serve.ts';
import type { World } from '../world.ts';

/** `{server_endpoint}app.info`: the trusted way to learn whose token this is (section 3.1). */
export function routeAppInfo(world: World, asked: Asked): Route {
  const found = findToken(asked);
  const token = found && world.grants.findAccessToken(found.value);
  const portal = token?.chain.portal;
  return {
    kind: 'rest',
    about: {
      restMethod: 'app.info',
      ...(found && { tokenIn: found.in }),
      ...(token && { clientId: token.chain.clientId, userId: token.chain.userId }),
      ...(portal && { portal: portal.host, memberId: portal.memberId }),
    },
    faultSubject: { on: 'app.info', portal: portal?.host, restMethod: 'app.info' },
    perform: () => answerAppInfo(world, token),
  };
}

function answerAppInfo(world: World, token: AccessToken | undefined): Answer {
  if (token === undefined || isEnded(token)) return refuse(400, 'invalid_client');
  if (world.grants.hasExpired(token)) {
    return refuse(401, 'expired_token', 'The access token provided has expired.');
  }
  if (!token.chain.portal.installed) return refuse(401, 'ERROR_OAUTH', 'Application not installed');
  if (token.chain.portal.unpaid) return refuse(401, 'PAYMENT_REQUIRED', 'Payment required');
  return jsonAnswer(200, { result: describe(world, token) });
}

/** A token that was replaced or revoked is no longer told from garbage. */
function isEnded({ chain, dead }: AccessToken): boolean {
  return dead || chain.ended || (chain.portal.installed && isOfFormerInstallation(chain));
}

function describe({ clients, portals, switches }: World, { chain, expiresAtMs }: AccessToken) {
  const client = clients.find(chain.clientId);
  return {
    client_id: chain.clientId,
    scope: switches.tokenScope,
    expires: toIsoWithOffset(expiresAtMs, '+00:00'),
    install: {
      installed: true,
      version: 1,
      status: client?.status,
      scope: chain.portal.grantedScope(client?.scope ?? []).join(','),
      domain: portals.originOf(chain.portal).replace('http://', ''),
      uri: portals.originOf(chain.portal),
      client_endpoint: portals.clientEndpointOf(chain.portal),
      member_id: chain.portal.memberId,
      member_type: 'emulated',
    },
    user_id: chain.userId,
  };
}

function refuse(status: number, error: string, description?: string): Answer {
  const body = description === undefined ? { error } : { error, error_description: description };
  return { ...jsonAnswer(status, body), error };
}
