import type { Request, RequestHandler, Response } from 'express';
import { createFormat } from '../i18n/format.ts';
import { isLanguage, LANGUAGES, type Language } from '../i18n/languages.ts';
import type { Locale } from '../i18n/locale.ts';
import { findTimeZone } from '../i18n/time-zone.ts';
import { type Translate, translateInto } from '../i18n/translate.ts';
import { readCookie } from './cookies.ts';

const COOKIE = 'language';
const YEAR_MS = 365 * 24 * 3600_000;

/** Gives every page its language: the one chosen before, else what the browser prefers, else English. */
export function setLanguage(): RequestHandler {
  return (req, res, next) => {
    const chosen = readCookie(req, COOKIE);
    const language = isLanguage(chosen) ? chosen : preferredLanguage(req);
    Object.assign(res.locals, { language, t: translateInto(language), format: createFormat(language) });
    res.vary('Accept-Language');
    next();
  };
}

/**
 * From here on pages show instants in the time zone of the signed-in user.
 *
 * @param timeZoneOf  IANA name of the user's time zone; null when it is not known
 */
export function setTimeZone(timeZoneOf: (req: Request) => string | null): RequestHandler {
  return (req, res, next) => {
    const zone = findTimeZone(timeZoneOf(req));
    if (zone) Object.assign(res.locals, { zone, format: createFormat(languageOf(res), zone) });
    next();
  };
}

export function languageOf(res: Response): Language {
  return res.locals.language as Language;
}

export function translate(res: Response): Translate {
  return res.locals.t as Translate;
}

export function localeOf(res: Response): Locale {
  const { t, format } = res.locals as Locale;
  return { t, format };
}

/**
 * `POST /language`: remembers a language and redirects to the page where it was chosen.
 *
 * @param options.parseReturnTo  reads a path of ours from the form, or the default for anything else
 */
export function chooseLanguage(options: {
  isSecure: boolean;
  parseReturnTo: (value: unknown) => string;
}): RequestHandler {
  return (req, res) => {
    const { language, returnTo } = (req.body ?? {}) as Record<string, unknown>;
    if (isLanguage(language)) {
      res.cookie(COOKIE, language, {
        maxAge: YEAR_MS,
        httpOnly: true,
        sameSite: 'lax',
        secure: options.isSecure,
      });
    }
    // Unlike after a sign-in, the sign-in page is a place to come back to here.
    const isSignInPage = typeof returnTo === 'string' && /^\/(\?|$)/.test(returnTo);
    res.redirect(303, isSignInPage ? signInPageOf(returnTo) : options.parseReturnTo(returnTo));
  };
}

function signInPageOf(address: string): string {
  return `/${new URL(address, 'https://app.invalid').search}`;
}

function preferredLanguage(req: Request): Language {
  return (req.acceptsLanguages(...LANGUAGES) || 'en') as Language;
}
