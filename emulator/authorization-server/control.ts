import { ZodError, z } from 'zod';

import { parseFault } from '../faults/fault.ts';
import { controlPage, requestsPage } from '../pages.ts';
import { type Answer, htmlAnswer, jsonAnswer } from '../wire/answer.ts';
import type { Asked } from '../wire/asked.ts';
import type { Route } from '../wire/serve.ts';
import type { World } from '../world.ts';

export const CONTROL_PATH = '/_emulator';

/**
 * The emulator's own interface, for people and for processes that do not hold the Emulator object.
 *
 * It is not Bitrix24's; it stands beside the authorization server so that no portal path is taken.
 */
export function routeControl(world: World, asked: Asked): Route {
  return { kind: 'control', perform: () => answerControl(world, asked) };
}

function answerControl(world: World, asked: Asked): Answer {
  const path = asked.path.slice(CONTROL_PATH.length).replace(/\/$/, '');
  const [, faultId, verb] = /^\/faults\/(\d+)(\/release)?$/.exec(path) ?? [];
  try {
    switch (`${asked.httpMethod} ${faultId === undefined ? path : `/faults/id${verb ?? ''}`}`) {
      case 'GET ':
        return htmlAnswer(controlPage(world));
      case 'GET /requests':
        return showRequests(world, asked);
      case 'POST /faults':
        return jsonAnswer(201, { id: world.faults.order(parseFault(asked.json)).id });
      case 'DELETE /faults':
        world.faults.clear();
        return done();
      case 'POST /faults/id/release':
        world.faults.find(Number(faultId))?.release();
        return done();
      case 'DELETE /faults/id':
        world.faults.find(Number(faultId))?.cancel();
        return done();
      case 'GET /cost':
        return jsonAnswer(200, world.cost.summary());
      case 'DELETE /cost':
        world.cost.reset();
        return done();
      case 'POST /clock':
        return moveClock(world, asked);
      default:
        return jsonAnswer(404, {
          error: 'not_found',
          error_description: 'see emulator/README.md for what there is',
        });
    }
  } catch (error) {
    if (error instanceof ZodError) {
      return jsonAnswer(400, { error: 'invalid_request', error_description: z.prettifyError(error) });
    }
    throw error;
  }
}

/** A table for a browser, JSON for programs; `?since=id` leaves out what the asker knows already. */
function showRequests({ log }: World, { headers, query }: Asked): Answer {
  const since = Number(query.since ?? 0);
  const requests = log.requests.filter(({ id, kind }) => id > since && kind !== 'control');
  return headers.accept?.includes('text/html')
    ? htmlAnswer(requestsPage(requests))
    : jsonAnswer(200, { requests });
}

function moveClock({ clock }: World, { json }: Asked): Answer {
  const { advanceMs } = z.strictObject({ advanceMs: z.number().min(0) }).parse(json);
  clock.advance(advanceMs);
  return jsonAnswer(200, { now: new Date(clock.now()).toISOString() });
}

function done(): Answer {
  return { status: 204, headers: {}, body: '' };
}
