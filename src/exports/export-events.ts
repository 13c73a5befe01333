import type { RequestHandler, Response } from 'express';
import { currentUser } from '../auth/current-user.ts';
import type { SignedInUser } from '../auth/signed-in-user.ts';
import { idOf } from '../portal-user.ts';
import { localeOf } from '../web/language.ts';
import { presentExport } from './export-rows.ts';
import type { Exports } from './exports.ts';
import type { ExportJob } from './jobs/export-job.ts';

export interface ExportEventsDependencies {
  exports: Exports;
  /** Whether the user has not signed out meanwhile, here or from another browser. */
  isSignedIn: (user: SignedInUser) => Promise<boolean>;
  now: () => number;
}

/** Proxies close connections that are silent for long. */
const HEARTBEAT_MS = 15_000;
const CHECK_EVERY_MS = 5_000;
/** A browser that leaves this much unread is taken to be suspended. */
const MAX_UNSENT_BYTES = 256 * 1024;

/** `GET /exports/events`: the progress of the user's exports, as long as the browser listens (server-sent events). */
export function sendExportEvents({ exports, isSignedIn, now }: ExportEventsDependencies): RequestHandler {
  return (req, res) => {
    const user = currentUser(req);
    // Not a redirect to the portal: an EventSource shows no page.
    if (user === undefined) return void res.sendStatus(401);
    const stop = exports.watch(idOf(user), {
      changed: (jobs) => tell(res, jobs, now()),
      ended: () => res.end(),
    });
    if (stop === undefined) return void res.sendStatus(503);
    // A proxy that compresses or buffers the stream would keep it back.
    res.set({
      'Content-Type': 'text/event-stream',
      'Cache-Control': 'no-store, no-transform',
      'X-Accel-Buffering': 'no',
    });
    res.flushHeaders();
    keepUp(res, () => isSignedIn(user), stop);
  };
}

function tell(res: Response, jobs: ExportJob[], now: number): void {
  if (res.writableEnded) return;
  if (res.writableLength > MAX_UNSENT_BYTES) return void res.destroy();
  const exports = jobs.map((job) => {
    const { id, state, share, progress, left, trouble } = presentExport(job, localeOf(res), now);
    return { id, state, share, progress, left, trouble };
  });
  const text = JSON.stringify({ exports });
  if (res.locals.told === text) return;
  res.locals.told = text;
  res.write(`data: ${text}\n\n`);
}

/** Keeps the connection open until the browser leaves or its user has signed out. */
function keepUp(res: Response, isSignedIn: () => Promise<boolean>, stop: () => void): void {
  const heartbeat = setInterval(() => res.write(': still here\n\n'), HEARTBEAT_MS);
  const check = setInterval(async () => {
    // A store that is away cannot tell, and there is no progress to send either.
    const isStill = await isSignedIn().catch(() => true);
    if (!isStill) res.end();
  }, CHECK_EVERY_MS);
  res.once('close', () => {
    clearInterval(heartbeat);
    clearInterval(check);
    stop();
  });
}
