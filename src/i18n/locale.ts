import type { Format } from './format.ts';
import type { Translate } from './translate.ts';

/** How a page is written for its reader: texts of their language, numbers and dates in their way. */
export interface Locale {
  t: Translate;
  format: Format;
}
