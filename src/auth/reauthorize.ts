import type { ErrorRequestHandler, Request, Response } from 'express';
import { AppError } from '../errors.ts';
import { prefersJson } from '../web/negotiate.ts';
import { logRefusal } from '../web/request-log.ts';
import type { AutomaticSteps } from './automatic-steps.ts';
import { currentUser } from './current-user.ts';
import { loginAddress, ownAddress } from './return-to.ts';
import { hasSignedOut } from './signed-out-notice.ts';

/**
 * Sends a page that needs a sign-in through the portal and back, instead of an error: the portal lets its users pass
 * without a question. Programs get the error, and so does a browser that has been sent too often.
 */
export function reauthorize(automaticSteps: AutomaticSteps): ErrorRequestHandler {
  // Express knows an error handler by its four parameters.
  return async (error: unknown, req, res, next) => {
    const isNeeded = error instanceof AppError && error.code === 'sign_in_required';
    if (!isNeeded || res.headersSent || req.method !== 'GET' || prefersJson(req)) return next(error);
    // Asking the person is no loop, so it is not counted: the back button may be pressed any number of times.
    const isAsked = wantsToBeAsked(req);
    if (!isAsked && !(await allowStep(automaticSteps, 'reauthorization', req))) return next(error);
    logRefusal(req, error);
    sendToSignIn(req, res, isAsked);
  };
}

/** Counts a step that a page takes by itself. While the store is away it cannot count, and no page takes a step. */
export function allowStep(
  automaticSteps: AutomaticSteps,
  kind: 'reauthorization' | 'reload',
  req: Request,
): Promise<boolean> {
  return automaticSteps.allow(kind, req.session?.binding, ownAddress(req)).catch(() => false);
}

/**
 * A person who has just signed out is asked before they are signed in again: the portal would let them in without a
 * question. One who is signed in has been asked, and would be sent back and forth between the sign-in page and this one.
 */
function wantsToBeAsked(req: Request): boolean {
  return hasSignedOut(req) && currentUser(req) === undefined;
}

function sendToSignIn(req: Request, res: Response, isAsked: boolean): void {
  res.setHeader('Cache-Control', 'no-store');
  res.redirect(303, isAsked ? `/?returnTo=${encodeURIComponent(ownAddress(req))}` : loginAddress(req));
}
