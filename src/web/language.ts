import type { Request, RequestHandler, Response } from 'express';
import { createInstance } from 'i18next';
import { LRUCache } from 'lru-cache';
import type { TimeZone } from '../i18n/time-zone.ts';
import { createFormat, type Format } from '../i18n/format.ts';
import { english } from '../i18n/messages/en.ts';
import { russian } from '../i18n/messages/ru.ts';
import { parseReturnTo } from '../auth/return-to.ts';

export const LANGUAGES = ['en', 'ru'] as const;
export type Language = (typeof LANGUAGES)[number];

/** A text of the catalogue by its key; `count` picks the plural form. */
export type Translate = (key: string | string[], values?: Record<string, unknown>) => string;

const COOKIE = 'language';
/** The catalogue has some 400, and those with numbers in them are many. */
const MAX_TEXTS = 5_000;
const YEAR_MS = 365 * 24 * 3600_000;

const catalogue = createInstance();
await catalogue.init({
  resources: { en: { translation: english }, ru: { translation: russian } },
  fallbackLng: 'en',
  // EJS escapes on output; escaping here as well would show entities.
  interpolation: { escapeValue: false },
  showSupportNotice: false,
} as Parameters<typeof catalogue.init>[0]);

const texts: Record<Language, Translate> = {
  en: remembering(catalogue.getFixedT('en') as Translate),
  ru: remembering(catalogue.getFixedT('ru') as Translate),
};

/** One for each language and clock that somebody has. */
const formats = new LRUCache<string, Format>({ max: 100 });

export function formatFor(language: Language, zone?: TimeZone): Format {
  const key = `${language} ${zone?.name ?? ''}`;
  const known = formats.get(key) ?? createFormat(language, zone);
  formats.set(key, known);
  return known;
}

/** Gives every page its language: the one chosen before, else what the browser prefers, else English. */
export function speakLanguage(): RequestHandler {
  return (req, res, next) => {
    const language = chosenLanguage(req) ?? preferredLanguage(req);
    // Whose clock it is, is known later (people.ts).
    Object.assign(res.locals, { language, t: texts[language], format: formatFor(language) });
    res.vary('Accept-Language');
    next();
  };
}

/** From here on the page shows instants by this clock. */
export function goBy(res: Response, zone: TimeZone | undefined): void {
  if (zone) Object.assign(res.locals, { zone, format: formatFor(res.locals.language as Language, zone) });
}

/** A page asks for the same few texts again and again, and looking one up costs more than rendering its row. */
function remembering(t: Translate): Translate {
  const known = new LRUCache<string, string>({ max: MAX_TEXTS });
  return (key, values) => {
    const question = values === undefined && typeof key === 'string' ? key : JSON.stringify([key, values]);
    const remembered = known.get(question);
    if (remembered !== undefined) return remembered;
    const text = t(key, values);
    known.set(question, text);
    return text;
  };
}

export function translate(res: Response): Translate {
  return res.locals.t as Translate;
}

/** Remembers a language and goes back to where it was chosen. */
export function chooseLanguage(options: { isSecure: boolean }): RequestHandler {
  return (req, res) => {
    const { language, returnTo } = (req.body ?? {}) as Record<string, unknown>;
    if (isLanguage(language)) {
      res.cookie(COOKIE, language, {
        maxAge: YEAR_MS,
        httpOnly: true,
        sameSite: 'lax',
        secure: options.isSecure,
        path: '/',
      });
    }
    // The sign-in page is a fine place to come back to here, unlike after a sign-in.
    const isSignInPage = typeof returnTo === 'string' && /^\/(\?|$)/.test(returnTo);
    res.redirect(303, isSignInPage ? signInPageOf(returnTo) : parseReturnTo(returnTo));
  };
}

function signInPageOf(address: string): string {
  return `/${new URL(address, 'https://app.invalid').search}`;
}

/** Browsers of one kind all say the same, and reading it takes as long as a trip to the store. */
const preferred = new LRUCache<string, Language>({ max: 1_000 });
const USUAL_LENGTH = 200;

function preferredLanguage(req: Request): Language {
  const { 'accept-language': header = '' } = req.headers;
  const known = preferred.get(header);
  if (known !== undefined) return known;
  const language = (req.acceptsLanguages(...LANGUAGES) || 'en') as Language;
  if (header.length <= USUAL_LENGTH) preferred.set(header, language);
  return language;
}

const CHOSEN = new RegExp(`(?:^|;\\s*)${COOKIE}=([a-z]{2})(?:;|$)`);

function chosenLanguage(req: Request): Language | undefined {
  const value = CHOSEN.exec(req.headers.cookie ?? '')?.[1];
  return isLanguage(value) ? value : undefined;
}

function isLanguage(value: unknown): value is Language {
  return LANGUAGES.includes(value as Language);
}
