import { ZodError, z } from 'zod';
import type { EmulatorContext } from '../emulator-context.ts';
import { parseFault } from '../faults/fault.ts';
import { controlPage, requestsPage } from '../pages.ts';
import { type Answer, htmlAnswer, jsonAnswer } from '../wire/answer.ts';
import type { HttpRequest } from '../wire/http-request.ts';
import type { Route } from '../wire/serve.ts';

export const CONTROL_PATH = '/_emulator';

/**
 * The control interface of the emulator, for a browser and for processes that do not hold the Emulator object.
 *
 * It is not part of Bitrix24. It is on the authorization server's origin, so that it takes no path of a portal.
 */
export function routeControl(context: EmulatorContext, httpRequest: HttpRequest): Route {
  return { kind: 'control', perform: () => answerControl(context, httpRequest) };
}

function answerControl(context: EmulatorContext, httpRequest: HttpRequest): Answer {
  const path = httpRequest.path.slice(CONTROL_PATH.length).replace(/\/$/, '');
  const [, faultId, verb] = /^\/faults\/(\d+)(\/release)?$/.exec(path) ?? [];
  try {
    switch (`${httpRequest.httpMethod} ${faultId === undefined ? path : `/faults/id${verb ?? ''}`}`) {
      case 'GET ':
        return htmlAnswer(controlPage(context));
      case 'GET /requests':
        return showRequests(context, httpRequest);
      case 'POST /faults':
        return jsonAnswer(201, { id: context.faults.order(parseFault(httpRequest.json)).id });
      case 'DELETE /faults':
        context.faults.clear();
        return done();
      case 'POST /faults/id/release':
        context.faults.find(Number(faultId))?.release();
        return done();
      case 'DELETE /faults/id':
        context.faults.find(Number(faultId))?.cancel();
        return done();
      case 'GET /cost':
        return jsonAnswer(200, context.cost.summary());
      case 'DELETE /cost':
        context.cost.reset();
        return done();
      case 'POST /clock':
        return moveClock(context, httpRequest);
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

/** An HTML table for a browser, JSON for programs. `?since=id` returns only requests with a greater id. */
function showRequests({ log }: EmulatorContext, { headers, query }: HttpRequest): Answer {
  const since = Number(query.since ?? 0);
  const requests = log.requests.filter(({ id, kind }) => id > since && kind !== 'control');
  return headers.accept?.includes('text/html')
    ? htmlAnswer(requestsPage(requests))
    : jsonAnswer(200, { requests });
}

function moveClock({ clock }: EmulatorContext, { json }: HttpRequest): Answer {
  const { advanceMs } = z.strictObject({ advanceMs: z.number().min(0) }).parse(json);
  clock.advance(advanceMs);
  return jsonAnswer(200, { now: new Date(clock.now()).toISOString() });
}

function done(): Answer {
  return { status: 204, headers: {}, body: '' };
}
