import { authorizeErrorPage, signInPage } from '../pages.ts';
import { type Answer, htmlAnswer, redirectAnswer } from '../wire/answer.ts';
import type { Asked } from '../wire/asked.ts';
import type { Route } from '../wire/serve.ts';
import type { World } from '../world.ts';
import type { Portal, PortalUser } from './portal.ts';
import { signIn } from './sign-in.ts';

/** `/oauth/authorize/` (sections 1.1 to 1.4); the sign-in form is posted to the same URL. */
export function routeAuthorize(world: World, portal: Portal, asked: Asked): Route {
  const clientId = readText(asked.query.client_id);
  const user = portal.signedInUser(asked.cookies);
  return {
    kind: asked.httpMethod === 'POST' ? 'login' : 'authorize',
    about: {
      portal: portal.host,
      memberId: portal.memberId,
      ...(clientId !== undefined && { clientId }),
      ...(user && { userId: user.id }),
    },
    faultSubject: { on: 'authorize', portal: portal.host },
    perform: () =>
      asked.httpMethod === 'POST'
        ? signIn(portal, asked)
        : answerAuthorize(world, portal, asked, clientId, user),
  };
}

/** The portal looks at `client_id` and `state` only, whatever else was sent (1.1). */
function answerAuthorize(
  world: World,
  portal: Portal,
  asked: Asked,
  clientId: string | undefined,
  user: PortalUser | undefined,
): Answer {
  const client = world.clients.find(clientId);
  if (clientId === undefined) return refuse(portal, NOT_FOUND);
  if (user === undefined) {
    if (client === undefined || !portal.installed) return refuse(portal, NOT_FOUND);
    return htmlAnswer(signInPage({ portal, action: asked.target }));
  }
  if (client === undefined) {
    return refuse(
      portal,
      'WRONG_APPLICATION_CLIENT: Unable to get application data',
      'WRONG_APPLICATION_CLIENT',
    );
  }
  if (!portal.installed) return refuse(portal, 'ERROR_OAUTH: Application not installed', 'ERROR_OAUTH');

  return redirectAnswer(
    302,
    appendToRedirectUri(client.redirectUri, {
      code: world.grants.issueCode({ clientId: client.clientId, portal, userId: user.id }),
      state: readText(asked.query.state) ?? '',
      domain: asked.host,
      member_id: portal.memberId,
      scope: portal.grantedScope(client.scope).join(','),
      server_domain: world.serverDomain,
    }),
  );
}

const NOT_FOUND = 'Application was not found.';

/** A failed authorization never comes back to the application: an ordinary page, status 200 (1.2). */
function refuse(portal: Portal, text: string, error = 'not_found'): Answer {
  return { ...htmlAnswer(authorizeErrorPage({ portal, text })), error };
}

/** Parameters go behind `?` or `&`, and a fragment of the registered URL moves to the end (1.3). */
function appendToRedirectUri(redirectUri: string, params: Record<string, string>): string {
  const [url = '', fragment] = redirectUri.split(/#(.*)/s);
  const separator = url.includes('?') ? '&' : '?';
  return `${url}${separator}${new URLSearchParams(params)}${fragment === undefined ? '' : `#${fragment}`}`;
}

function readText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
