import type { Request, RequestHandler, Response } from 'express';
import type { ExportJob } from './jobs/export-job.ts';
import type { Exports } from './exports.ts';
import { presentExport } from './export-rows.ts';
import type { Reader } from '../companies/list-rows.ts';
import { ownerOf } from '../portal-client/portal-client.ts';
import { type SignedIn, signedIn } from '../auth/session.ts';

export interface ExportEventsDependencies {
  clientId: string;
  exports: Exports;
  /** Whether somebody has not signed out meanwhile, here or from another browser. */
  isSignedIn: (person: SignedIn) => Promise<boolean>;
  now: () => number;
}

/** Proxies give up on connections over which nothing comes. */
const HEARTBEAT_MS = 15_000;
const CHECK_EVERY_MS = 5_000;
/** A window that does not take what it is sent is asleep. */
const MAX_UNSENT_BYTES = 256 * 1024;

/** `GET /exports/events`: how far one's exports are, as long as somebody listens (server-sent events). */
export function sendExportEvents(dependencies: ExportEventsDependencies): RequestHandler {
  const { exports, now } = dependencies;
  return (req, res) => {
    const person = signedIn(req, now());
    // Not a trip to the portal: nobody sees where an event source is sent.
    if (person === undefined) return void res.sendStatus(401);
    const stop = exports.watch(ownerOf(person, dependencies), {
      changed: (jobs) => tell(res, jobs, now()),
      ended: () => res.end(),
    });
    if (stop === undefined) return void res.sendStatus(503);
    // Whoever compresses or collects it on the way would keep it back.
    res.set({
      'Content-Type': 'text/event-stream',
      'Cache-Control': 'no-store, no-transform',
      'X-Accel-Buffering': 'no',
    });
    res.flushHeaders();
    keepUp(req, res, person, dependencies, stop);
  };
}

function tell(res: Response, jobs: ExportJob[], now: number): void {
  if (res.writableEnded) return;
  if (res.writableLength > MAX_UNSENT_BYTES) return void res.destroy();
  const exports = jobs.map((job) => {
    const { id, state, share, progress, left, trouble } = presentExport(job, res.locals as Reader, now);
    return { id, state, share, progress, left, trouble };
  });
  const text = JSON.stringify({ exports });
  if (res.locals.told === text) return;
  res.locals.told = text;
  res.write(`data: ${text}\n\n`);
}

function keepUp(
  req: Request,
  res: Response,
  person: SignedIn,
  { isSignedIn, now }: ExportEventsDependencies,
  stop: () => void,
): void {
  const heartbeat = setInterval(() => res.write(': still here\n\n'), HEARTBEAT_MS);
  const check = setInterval(async () => {
    // While the store is away nobody can tell, and there is nothing to hear either.
    const isStill = signedIn(req, now()) !== undefined && (await isSignedIn(person).catch(() => true));
    if (!isStill) res.end();
  }, CHECK_EVERY_MS);
  res.once('close', () => {
    clearInterval(heartbeat);
    clearInterval(check);
    stop();
  });
}
