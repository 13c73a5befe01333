import { notFoundPage } from '../pages.ts';
import { notFoundAnswer } from '../wire/answer.ts';
import type { Asked } from '../wire/asked.ts';
import type { Route } from '../wire/serve.ts';
import type { World } from '../world.ts';
import { routeAppInfo } from './app-info.ts';
import { CONTROL_PATH, routeControl } from './control.ts';
import { routeToken } from './token-endpoint.ts';

/** Everything the authorization server's port answers. */
export function routeAuthorizationServer(world: World, asked: Asked): Route {
  if (/^\/oauth\/token\/?$/.test(asked.path)) return routeToken(world, asked);
  if (/^\/rest\/app\.info(\.json)?\/?$/i.test(asked.path)) return routeAppInfo(world, asked);
  if (asked.path.startsWith(CONTROL_PATH)) return routeControl(world, asked);
  return {
    kind: 'page',
    perform: () => notFoundAnswer(notFoundPage(`The authorization server has nothing at ${asked.path}.`)),
  };
}
