import type { Request, RequestHandler, Response } from 'express';
import helmet from 'helmet';
import type { AllowedPortals } from '../bitrix24/portal.ts';
import { AppError } from '../errors.ts';

/** A form was posted from another site, or by a client that does not name the site. */
export class CrossOriginError extends AppError {
  constructor(came: string, publicUrl: URL) {
    super(`the request does not come from a page of ours: ${came}, PUBLIC_URL is ${publicUrl.origin}`, {
      code: 'cross_origin',
      status: 403,
    });
  }
}

/** The form is ours, but its page was opened under an address that PUBLIC_URL does not name, so every form is refused there. */
export class OtherAddressError extends AppError {
  constructor(opened: string, publicUrl: URL) {
    super(`the page was opened at ${opened}, PUBLIC_URL is ${publicUrl.origin}`, {
      code: 'cross_origin',
      status: 403,
      reason: 'other_address',
      values: { opened, publicUrl: publicUrl.origin },
    });
  }
}

const OWN_FORMS = "'self'";
const FORMS = /(form-action 'self'[^;]*)/;

/** The headers every answer carries, errors included. */
export function protectiveHeaders({ publicUrl }: { publicUrl: URL }): RequestHandler {
  const isHttps = publicUrl.protocol === 'https:';
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        styleSrc: ["'self'"],
        scriptSrc: ["'self'"],
        // For the events of exports.
        connectSrc: ["'self'"],
        imgSrc: ["'self'"],
        manifestSrc: ["'self'"],
        baseUri: ["'none'"],
        objectSrc: ["'none'"],
        frameAncestors: ["'none'"],
        // A page whose forms may lead to a portal adds it: see allowFormsTo.
        formAction: [OWN_FORMS],
      },
    },
    strictTransportSecurity: isHttps,
    xFrameOptions: { action: 'deny' },
    // Under `no-referrer` forms carry `Origin: null`. That is harmless where Sec-Fetch-Site comes along, which is
    // only under https and on localhost.
    referrerPolicy: { policy: isTrustworthy(publicUrl) ? 'no-referrer' : 'same-origin' },
  });
}

/**
 * Lets the forms of this page lead to these portals as well. A form that is answered with a redirect, over however many pages of
 * ours, leads to where the last one goes, and browsers hold that against form-action (L18).
 *
 * Not all allowed portals on all pages: with 200 of them the headers would not fit into the buffers of a proxy.
 *
 * @param sources  as a Content-Security-Policy writes them
 */
export function allowFormsTo(res: Response, sources: string[]): void {
  const policy = res.getHeader('Content-Security-Policy');
  if (typeof policy !== 'string') return;
  const added = sources.map((source) => ` ${source}`).join('');
  res.setHeader('Content-Security-Policy', policy.replace(FORMS, `$1${added}`));
}

/** Lets the allowed portal that sent the request, and no other site, show the answer in a frame. */
export function framableByPortals(portals: AllowedPortals): RequestHandler {
  return (req, res, next) => {
    const sender = portals.findAllowed(req.headers.origin ?? '');
    const ancestors = (sender ? [sender.origin] : portalSources(portals)).join(' ');
    const policy = `default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors ${ancestors}`;
    res.setHeader('Content-Security-Policy', policy);
    res.removeHeader('X-Frame-Options');
    next();
  };
}

/** No browser or proxy stores a page: the back button after a sign-out shows nothing. */
export function neverStored(): RequestHandler {
  return (_req, res, next) => {
    res.setHeader('Cache-Control', 'no-store');
    next();
  };
}

/** A state-changing request has to come from a page of ours; one that does not name its origin is refused. */
export function requireSameOrigin(publicUrl: URL): RequestHandler {
  return (req, _res, next) => {
    if (!['GET', 'HEAD', 'OPTIONS'].includes(req.method) && !isSameOrigin(req, publicUrl))
      throw crossOriginError(req, publicUrl);
    next();
  };
}

function crossOriginError(req: Request, publicUrl: URL): AppError {
  const { origin: claimed, host, 'sec-fetch-site': site } = req.headers;
  const origin = claimed !== undefined && URL.canParse(claimed) ? new URL(claimed) : undefined;
  // A browser that sees two sites says so with Sec-Fetch-Site.
  if (origin && origin.host === host && site === undefined)
    return new OtherAddressError(origin.origin, publicUrl);
  const named = origin ? `Origin is ${origin.origin}` : 'there is no readable Origin';
  return new CrossOriginError(
    site === undefined ? named : `${named}, Sec-Fetch-Site says otherwise`,
    publicUrl,
  );
}

function isSameOrigin(req: Request, publicUrl: URL): boolean {
  const site = req.headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin';
  return req.headers.origin === publicUrl.origin;
}

/** The portals as sources of a Content-Security-Policy; those that a pattern covers are not named again. */
export function portalSources(portals: AllowedPortals): string[] {
  return [
    ...portals.listed.filter((portal) => !portals.matchesPattern(portal)).map(({ origin }) => origin),
    ...portals.patterns.map((pattern) => `https://${pattern}`),
  ];
}

/** Origins for which browsers send Sec-Fetch-Site. */
function isTrustworthy(url: URL): boolean {
  return url.protocol === 'https:' || /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname);
}
