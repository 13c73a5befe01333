import { createInstance } from 'i18next';
import { LRUCache } from 'lru-cache';
import type { Language } from './languages.ts';
import { english } from './messages/en.ts';
import { russian } from './messages/ru.ts';

/** A text of the catalogue by its key; of several keys the first that exists. `count` picks the plural form. */
export type Translate = (key: string | string[], values?: Record<string, unknown>) => string;

const catalogue = createInstance();
await catalogue.init({
  resources: { en: { translation: english }, ru: { translation: russian } },
  fallbackLng: 'en',
  // EJS escapes on output; escaping here as well would show entities.
  interpolation: { escapeValue: false },
  showSupportNotice: false,
} as Parameters<typeof catalogue.init>[0]);

/** The catalogue has some 400 texts, and those with numbers in them are many. */
const MAX_TEXTS = 5_000;

const texts: Record<Language, Translate> = {
  en: remembering(catalogue.getFixedT('en') as Translate),
  ru: remembering(catalogue.getFixedT('ru') as Translate),
};

export function translateInto(language: Language): Translate {
  return texts[language];
}

/** i18next takes 2.2 ms for the texts of a list of 50 companies, as long as EJS takes for all of its HTML (decision 0017). */
function remembering(t: Translate): Translate {
  const known = new LRUCache<string, string>({ max: MAX_TEXTS });
  return (key, values) => {
    const question = values === undefined && typeof key === 'string' ? key : JSON.stringify([key, values]);
    const text = known.get(question) ?? t(key, values);
    known.set(question, text);
    return text;
  };
}
