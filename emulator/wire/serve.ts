import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

import { applyFault } from '../faults/apply-fault.ts';
import type { FaultOrders, FaultSubject } from '../faults/fault-orders.ts';
import { toPrintedLine } from '../record/print-line.ts';
import type { AboutRequest, RecordedRequest, RequestKind } from '../record/recorded-request.ts';
import type { RequestLog } from '../record/request-log.ts';
import type { Answer } from './answer.ts';
import { type HttpRequest, readHttpRequest } from './http-request.ts';

/** What kind of request this is, found without any change of state, and how to perform it. */
export interface Route {
  kind: RequestKind;
  about?: AboutRequest;
  /** Absent if faults cannot be ordered for this kind of request. */
  faultSubject?: FaultSubject;
  /** Performs the request. It is synchronous, so two requests can never both redeem one code. */
  perform(): Answer;
}

export interface ServeDependencies {
  log: RequestLog;
  faults: FaultOrders;
  print: (line: string) => void;
  stopped: AbortSignal;
}

/** Turns a routing function into a request listener that records the request, applies faults and sends the answer. */
export function serve(
  route: (httpRequest: HttpRequest) => Route,
  dependencies: ServeDependencies,
): RequestListener {
  return (req, res) => {
    answer(req, res, route, dependencies).catch((error: unknown) => {
      // The client closed the connection before it had sent the whole request.
      if (!req.complete) return res.destroy();
      dependencies.print(
        `the emulator itself failed: ${error instanceof Error ? error.stack : String(error)}`,
      );
      if (res.headersSent) return res.destroy();
      return res.writeHead(500, { 'content-type': 'text/plain' }).end('The emulator itself failed.');
    });
  };
}

async function answer(
  req: IncomingMessage,
  res: ServerResponse,
  route: (httpRequest: HttpRequest) => Route,
  { log, faults, print, stopped }: ServeDependencies,
): Promise<void> {
  const startedAt = performance.now();
  const httpRequest = await readHttpRequest(req);
  const { kind, about = {}, faultSubject, perform } = route(httpRequest);
  const request = log.begin(kind, httpRequest, about);

  const appliedFault = applyFault(
    faultSubject && faults.match({ ...faultSubject, userId: about.userId }),
    stopped,
  );
  const answered = await performWithFault(perform, appliedFault);
  if (answered !== 'drop' && answered.busyMs) {
    await delay(answered.busyMs, undefined, { signal: stopped }).catch(() => undefined);
  }

  request.durationMs = performance.now() - startedAt;
  if (answered === 'drop') {
    print(toPrintedLine(request));
    req.socket.destroy();
    return;
  }
  recordOutcome(request, answered);
  print(toPrintedLine(request));
  await (appliedFault.send ?? send)(res, answered);
}

async function performWithFault(
  perform: () => Answer,
  appliedFault: ReturnType<typeof applyFault>,
): Promise<Answer | 'drop'> {
  if ((await appliedFault.waitOrDrop('before')) === 'drop') return 'drop';
  const answered = appliedFault.replacementAnswer ?? appliedFault.alter(perform());
  if ((await appliedFault.waitOrDrop('after')) === 'drop') return 'drop';
  return answered;
}

function recordOutcome(request: RecordedRequest, { status, error }: Answer): void {
  request.status = status;
  if (error !== undefined) request.error = error;
}

async function send(res: ServerResponse, { status, headers, body }: Answer): Promise<void> {
  const bytes = Buffer.from(body);
  res.writeHead(status, { ...headers, 'content-length': String(bytes.length) });
  res.end(bytes);
}
