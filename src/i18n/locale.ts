import type { Format } from './format.ts';
import type { Translate } from './translate.ts';

/** Texts and formats for one reader. */
export interface Locale {
  t: Translate;
  format: Format;
}
