import { createInstance } from 'i18next';
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

const texts: Record<Language, Translate> = {
  en: catalogue.getFixedT('en') as Translate,
  ru: catalogue.getFixedT('ru') as Translate,
};

export function translateInto(language: Language): Translate {
  return texts[language];
}
