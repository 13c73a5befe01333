import type { Request } from 'express';

/** Whether the caller is a program: it prefers JSON to HTML. Without a preference the answer is HTML. */
export function prefersJson(req: Request): boolean {
  return req.accepts(['text/html', 'application/json']) === 'application/json';
}
