import type { EmulatorContext } from '../emulator-context.ts';
import { authorizeErrorPage, signInPage } from '../pages.ts';
import { type Answer, htmlAnswer, redirectAnswer } from '../wire/answer.ts';
import type { HttpRequest } from '../wire/http-request.ts';
import type { Route } from '../wire/serve.ts';
import type { Portal, PortalUser } from './portal.ts';
import { signIn } from './sign-in.ts';

/** `/oauth/authorize/` (sections 1.1 to 1.4); the sign-in form is posted to the same URL. */
export function routeAuthorize(context: EmulatorContext, portal: Portal, httpRequest: HttpRequest): Route {
  const clientId = readText(httpRequest.query.client_id);
  const user = portal.signedInUser(httpRequest.cookies);
  return {
    kind: httpRequest.httpMethod === 'POST' ? 'login' : 'authorize',
    about: {
      portal: portal.host,
      memberId: portal.memberId,
      ...(clientId !== undefined && { clientId }),
      ...(user && { userId: user.id }),
    },
    faultSubject: { on: 'authorize', portal: portal.host },
    perform: () =>
      httpRequest.httpMethod === 'POST'
        ? signIn(portal, httpRequest)
        : answerAuthorize(context, portal, httpRequest, clientId, user),
  };
}

/** The portal reads only `client_id` and `state`, and ignores all other parameters (1.1). */
function answerAuthorize(
  context: EmulatorContext,
  portal: Portal,
  httpRequest: HttpRequest,
  clientId: string | undefined,
  user: PortalUser | undefined,
): Answer {
  const client = context.clients.find(clientId);
  if (clientId === undefined) return refuse(portal, NOT_FOUND);
  if (user === undefined) {
    if (client === undefined || !portal.installed) return refuse(portal, NOT_FOUND);
    return htmlAnswer(signInPage({ portal, action: httpRequest.target }));
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
      code: context.grants.issueCode({ clientId: client.clientId, portal, userId: user.id }),
      state: readText(httpRequest.query.state) ?? '',
      domain: httpRequest.host,
      member_id: portal.memberId,
      scope: portal.grantedScope(client.scope).join(','),
      server_domain: context.serverDomain,
    }),
  );
}

const NOT_FOUND = 'Application was not found.';

/**
 * A failed authorization does not redirect to the application: the portal shows an ordinary page with status 200
 * (1.2).
 */
function refuse(portal: Portal, text: string, error = 'not_found'): Answer {
  return { ...htmlAnswer(authorizeErrorPage({ portal, text })), error };
}

/** Parameters are appended after `?` or `&`; a fragment of the registered URL moves to the end (1.3). */
function appendToRedirectUri(redirectUri: string, params: Record<string, string>): string {
  const [url = '', fragment] = redirectUri.split(/#(.*)/s);
  const separator = url.includes('?') ? '&' : '?';
  return `${url}${separator}${new URLSearchParams(params)}${fragment === undefined ? '' : `#${fragment}`}`;
}

function readText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
