import type { RequestHandler, Response } from 'express';
import type { AllowedPortals } from '../bitrix24/portal.ts';
import { framableByPortals } from '../web/protect.ts';

/**
 * `POST /bitrix`: what a portal sends when the application is opened inside it (protocol 8.1).
 *
 * A local application has one address for this and for the redirection endpoint. The body holds tokens without a
 * signature, so it is not read at all; the page has a link to a tab of its own.
 */
export function receiveFrame(options: { publicUrl: URL; portals: AllowedPortals }): RequestHandler[] {
  return [
    framableByPortals(options.portals),
    (req, res: Response) => {
      req.resume();
      res.render('frame', { href: options.publicUrl.href });
    },
  ];
}
