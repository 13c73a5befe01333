import { beforeEach, describe, expect, it } from '@jest/globals';
import express, { type Request, type Response } from 'express';
import fc from 'fast-check';
import { isRedirectionEndpoint, parseReturnTo } from '../../src/auth/return-to.ts';
import { LANGUAGES, type Language } from '../../src/i18n/languages.ts';
import type { Translate } from '../../src/i18n/translate.ts';
import { chooseLanguage, setLanguage } from '../../src/web/language.ts';
import { EACH } from '../support/fuzz.ts';
import { hostileReturnTos } from '../support/hostile-return-tos.ts';
import { anyJson, anyText, mutated } from '../support/hostile-values.ts';

const HOME = '/companies';

const ORIGIN = 'https://crm.example.com';

const anAcceptLanguage = fc.oneof(
  mutated(fc.constantFrom('ru', 'en', 'ru-RU,ru;q=0.9,en;q=0.8', 'de, en;q=0.1, *;q=0', '*', 'ru;q=0')),
  anyText,
);
const aCookie = fc.oneof(
  mutated(
    fc.constantFrom(
      'language=ru',
      'a=b; language=en; c=d',
      'language=de',
      'xlanguage=ru',
      'language=__proto__',
    ),
  ),
  anyText,
);

let spoken: { language: Language; t: Translate };
beforeEach(() => {
  spoken = speak({});
});

describe('the language of a page', () => {
  it('whatever a browser prefers and remembers › is one that we speak, with its texts', () => {
    fc.assert(
      fc.property(fc.option(anAcceptLanguage), fc.option(aCookie), (accepted, cookie) => {
        const headers = { ...(accepted && { 'accept-language': accepted }), ...(cookie && { cookie }) };

        const { language, t } = speak(headers);

        expect(LANGUAGES).toContain(language);
        expect(t('list.title')).toBe(language === 'ru' ? 'Компании' : 'Companies');
      }),
      EACH,
    );
  });

  it('when it was chosen › is that, whatever the browser prefers', () => {
    const others = fc.array(
      fc.stringMatching(/^[a-z-]{1,8}=[\w%]{0,8}$/).filter((text) => !text.startsWith('language=')),
      { maxLength: 3 },
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...LANGUAGES),
        others,
        others,
        anAcceptLanguage,
        (language, before, after, accepted) => {
          const cookie = [...before, `language=${language}`, ...after].join('; ');

          expect(speak({ cookie, 'accept-language': accepted }).language).toBe(language);
        },
      ),
      EACH,
    );
  });

  it('whatever a text is about › repeats it letter by letter', () => {
    fc.assert(
      fc.property(
        fc.oneof(anyText, mutated(fc.constantFrom('{{q}}', '$t(list.title)', '$&', '{{- q}}', '__q__'))),
        (q) => {
          expect(spoken.t('list.filters.quoted', { q })).toContain(q);
        },
      ),
      EACH,
    );
  });
});

describe('the choice of a language', () => {
  it('whatever the form holds › leads to a page of ours, and is remembered only if we speak it', () => {
    const aReturnTo = fc.oneof(
      mutated(fc.constantFrom('/', '/?returnTo=%2Fcompanies', '/companies', ...hostileReturnTos())),
      anyJson,
    );
    const aLanguage = fc.oneof(fc.constantFrom('ru', 'en'), anyJson);
    fc.assert(
      fc.property(fc.option(aReturnTo), aLanguage, (returnTo, language) => {
        const { location, cookie } = choose({ returnTo, language });

        const reached = new URL(location, `${ORIGIN}/language`);
        expect(reached.origin).toBe(ORIGIN);
        expect(isRedirectionEndpoint(reached.pathname)).toBe(false);
        expect(cookie).toBe(LANGUAGES.includes(language as Language) ? language : undefined);
      }),
      EACH,
    );
  });
});

/** What the middleware tells the templates. */
function speak(headers: Record<string, string>): { language: Language; t: Translate } {
  const req = Object.assign(Object.create(express.request), { headers }) as Request;
  const res = { locals: {}, vary() {} } as unknown as Response;
  setLanguage()(req, res, () => {});
  return res.locals as { language: Language; t: Translate };
}

function choose(body: Record<string, unknown>): { location: string; cookie: string | undefined } {
  const answered: { location: string; cookie: string | undefined } = { location: '', cookie: undefined };
  const res = {
    cookie: (_name: string, value: string) => {
      answered.cookie = value;
    },
    redirect: (_status: number, location: string) => {
      answered.location = location;
    },
  } as unknown as Response;
  chooseLanguage({ isSecure: true, parseReturnTo: (value) => parseReturnTo(value, HOME) })(
    { body } as Request,
    res,
    () => {},
  );
  return answered;
}
