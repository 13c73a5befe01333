import { convert, type HtmlToTextOptions } from 'html-to-text';
import { withoutBbCode } from './bb-code.ts';

/** Portals keep comments as HTML, newer ones as BBCode. The search does not look past the next tag, however many never end. */
const HTML = /<[a-z!/][^<>]*>|&(?:#\d+|#x[\da-f]+|[a-z]+);/i;
/** A longer text keeps its markup: removing it could take long. */
const MAX_LENGTH = 200_000;

/** Elements whose words stand on lines of their own; the library knows fewer, and would glue the words of others. */
const BLOCKS = 'tr dl dt dd figure figcaption address fieldset legend center caption details summary';

const OPTIONS: HtmlToTextOptions = {
  wordwrap: false,
  limits: { maxInputLength: MAX_LENGTH * 10, maxDepth: 50 },
  selectors: [
    { selector: 'a', options: { hideLinkHrefIfSameAsText: true } },
    { selector: 'img', format: 'skip' },
    ...['td', 'th'].map((selector) => ({
      selector,
      format: 'inlineSurround',
      options: { prefix: '', suffix: ' ' },
    })),
    ...BLOCKS.split(' ').map((selector) => ({
      selector,
      format: 'block',
      options: { leadingLineBreaks: 1, trailingLineBreaks: 1 },
    })),
    ...['h1', 'h2', 'h3', 'h4', 'h5', 'h6'].map((selector) => ({ selector, options: { uppercase: false } })),
  ],
};

/**
 * A text without its markup: paragraphs and lists become lines, links keep their addresses in brackets. The result is not
 * safe HTML: templates escape it like any other text.
 */
export function withoutMarkup(text: string): string {
  if (text.length > MAX_LENGTH) return text;
  const plain = HTML.test(text) ? convert(text.replace(/\r?\n/g, '<br>'), OPTIONS) : text;
  return withoutBbCode(plain)
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}
