import type { EmulatorContext } from '../emulator-context.ts';
import { notFoundPage } from '../pages.ts';
import { notFoundAnswer } from '../wire/answer.ts';
import type { HttpRequest } from '../wire/http-request.ts';
import type { Route } from '../wire/serve.ts';
import { routeAppInfo } from './app-info.ts';
import { CONTROL_PATH, routeControl } from './control.ts';
import { routeToken } from './token-endpoint.ts';

/** Routes of the authorization server's port. */
export function routeAuthorizationServer(context: EmulatorContext, httpRequest: HttpRequest): Route {
  if (/^\/oauth\/token\/?$/.test(httpRequest.path)) return routeToken(context, httpRequest);
  if (/^\/rest\/app\.info(\.json)?\/?$/i.test(httpRequest.path)) return routeAppInfo(context, httpRequest);
  if (httpRequest.path.startsWith(CONTROL_PATH)) return routeControl(context, httpRequest);
  return {
    kind: 'page',
    perform: () =>
      notFoundAnswer(notFoundPage(`The authorization server has nothing at ${httpRequest.path}.`)),
  };
}
