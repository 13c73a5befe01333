import { describe, expect, it } from '@jest/globals';
import { readRestError } from '../../src/bitrix24/rest/rest-error.ts';
import { english } from '../../src/i18n/messages/en.ts';
import { russian } from '../../src/i18n/messages/ru.ts';

type Catalogue = { [key: string]: string | Catalogue };

const PLURAL = /_(zero|one|two|few|many|other)$/;

function textsOf(catalogue: Catalogue, path = ''): [key: string, text: string][] {
  return Object.entries(catalogue).flatMap(([name, value]) =>
    typeof value === 'string' ? [[path + name, value]] : textsOf(value, `${path}${name}.`),
  );
}

const TEXTS = { en: textsOf(english), ru: textsOf(russian) };
const LANGUAGES = ['en', 'ru'] as const;

const withoutPlural = (key: string) => key.replace(PLURAL, '');
const keysOf = (language: 'en' | 'ru') => new Set(TEXTS[language].map(([key]) => withoutPlural(key)));
const placeholdersOf = (text: string) => [...new Set(text.match(/\{\{\s*\w+\s*\}\}/g) ?? [])].sort();

function placeholdersByKey(language: 'en' | 'ru'): Record<string, string[]> {
  return Object.fromEntries(TEXTS[language].map(([key, text]) => [withoutPlural(key), placeholdersOf(text)]));
}

function pluralFormsByKey(language: 'en' | 'ru'): Record<string, string[]> {
  const plural = TEXTS[language].map(([key]) => key).filter((key) => PLURAL.test(key));
  return Object.fromEntries(
    plural.map((key) => [
      withoutPlural(key),
      plural
        .filter((other) => withoutPlural(other) === withoutPlural(key))
        .map((other) => other.slice(withoutPlural(other).length + 1))
        .sort(),
    ]),
  );
}

/** Names and punctuation. */
const SAME_IN_BOTH = [
  'language.en',
  'list.rangeUncounted',
  'list.filters.chip',
  'list.filters.quoted',
  'list.filters.between',
  'list.filters.has_email.label',
  'list.export.xlsx',
  'list.export.csv',
  'list.columns.id',
  'card.none',
];

describe('the texts', () => {
  it('when both languages are compared › have the same keys, apart from plural forms', () => {
    expect([...keysOf('ru')].sort()).toEqual([...keysOf('en')].sort());
  });

  it('when both languages are compared › have the same placeholders', () => {
    expect(placeholdersByKey('ru')).toEqual(placeholdersByKey('en'));
  });

  it('when one has a plural › the other has it too', () => {
    expect(Object.keys(pluralFormsByKey('ru')).sort()).toEqual(Object.keys(pluralFormsByKey('en')).sort());
  });

  it.each(LANGUAGES)(
    'when a text of %s has a plural › it has every form of the language, and no other',
    (language) => {
      const needed = [...new Intl.PluralRules(language).resolvedOptions().pluralCategories].sort();

      const forms = pluralFormsByKey(language);

      expect(forms).toEqual(Object.fromEntries(Object.keys(forms).map((key) => [key, needed])));
    },
  );

  it.each(LANGUAGES)(
    'when the forms of one plural in %s are compared › have the same placeholders',
    (language) => {
      const different = TEXTS[language].filter(
        ([key, text]) =>
          PLURAL.test(key) &&
          placeholdersOf(text).join() !== placeholdersByKey(language)[withoutPlural(key)]?.join(),
      );

      expect(different).toEqual([]);
    },
  );

  it.each(LANGUAGES)('when they are of %s › none is empty, or begins or ends with a space', (language) => {
    expect(TEXTS[language].filter(([, text]) => text.trim() === '' || text !== text.trim())).toEqual([]);
  });

  it.each(LANGUAGES)('when they are of %s › all braces are in pairs, and none holds markup', (language) => {
    const odd = TEXTS[language].filter(([, text]) =>
      /[{}<>]|&\w+;|\$t\(/.test(text.replace(/\{\{\w+\}\}/g, '')),
    );

    expect(odd).toEqual([]);
  });

  it('when they are Russian › they are in Russian', () => {
    const latin = TEXTS.ru.filter(([, text]) => !/[а-яё]/i.test(text.replace(/\{\{\w+\}\}/g, '')));

    expect(latin.map(([key]) => key).filter((key) => !SAME_IN_BOTH.includes(key))).toEqual([]);
  });

  it('when they are English › no Russian has slipped in', () => {
    const cyrillic = TEXTS.en.filter(([, text]) => /[а-яё]/i.test(text));

    expect(cyrillic.map(([key]) => key)).toEqual(['language.ru']);
  });
});

describe('the texts of errors', () => {
  const CODES = [
    'invalid_request',
    'state_mismatch',
    'portal_mismatch',
    'portal_not_allowed',
    'code_refused',
    'sign_in_required',
    'not_found',
    'access_denied',
    'cross_origin',
    'app_misconfigured',
    'portal_limited',
    'portal_failed',
    'portal_refused',
    'portal_timeout',
    'store_unavailable',
    'internal_error',
  ];

  it.each(CODES)('when it is %s › have a title and a text', (code) => {
    const keys = TEXTS.en.map(([key]) => key);

    expect(keys).toContain(`errors.${code}.default.title`);
    expect(keys).toContain(`errors.${code}.default.text`);
  });

  it.each([
    'insufficient_scope',
    'user_access_error',
    'payment_required',
    'authorization_error',
    'error_oauth',
    'application_not_found',
    'operation_time_limit',
    'overload_limit',
    'portal_deleted',
    'connection_error',
    'no_auth_found',
    'invalid_credentials',
    'invalid_token',
    'expired_token',
    'error_method_not_found',
    'error_manifest_is_not_available',
    'invalid_request',
    'error_argument',
    'wrong_auth_type',
    'error_batch_length_exceeded',
    'error_batch_method_not_allowed',
    'allowed_only_intranet_user',
    'wrong_license',
    'method_confirm_waiting',
    'method_confirm_denied',
    'access_denied',
  ])('when the portal says %s › have words of their own', (wireCode) => {
    const error = readRestError('profile', { error: wireCode });

    expect(TEXTS.en.map(([key]) => key)).toContain(`errors.${error?.code}.${error?.reason}.text`);
  });

  it.each([
    'invalid_grant',
    'expired_token',
    'invalid_token',
    'not_installed',
    'payment_required',
    'user_access_error',
    'invalid_scope',
    'insufficient_scope',
  ])('when the authorization server refuses a code with %s › have words of their own', (wireCode) => {
    expect(TEXTS.en.map(([key]) => key)).toContain(`errors.code_refused.${wireCode}.text`);
  });

  it('when a text is for a reason › it has a title as well, and the other way round', () => {
    const keys = TEXTS.en.map(([key]) => key).filter((key) => /^errors\.\w+\.\w+\.(title|text)$/.test(key));
    const missing = keys
      .map((key) => key.replace(/title$|text$/, (part) => (part === 'title' ? 'text' : 'title')))
      .filter((key) => !keys.includes(key));

    expect(missing).toEqual([]);
  });
});

describe('the texts of what ended or held up an access', () => {
  it.each([
    'default',
    'invalid_grant',
    'not_installed',
    'payment_required',
    'user_access_error',
    'invalid_client',
    'insufficient_scope',
    'portal_timeout',
    'portal_failed',
    'portal_limited',
    'store_unavailable',
  ])('when it is %s › have a title, and say what to do', (code) => {
    const keys = TEXTS.en.map(([key]) => key);

    expect(keys).toContain(`account.problems.${code}.title`);
    expect(keys).toContain(`account.problems.${code}.text`);
  });
});
