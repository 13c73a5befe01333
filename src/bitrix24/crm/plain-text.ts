import { convert } from 'html-to-text';

/** Portals keep comments as HTML, newer ones as BBCode. Neither search looks past the next tag, however many never end. */
const BB_CODE =
  /\[\/?(?:b|i|u|s|p|user|color|size|font|list|quote|code|img|table|tr|td|center|left|right|\*)(?:=[^[\]]*)?\]/gi;
const BB_LINK = /\[url=([^[\]]*)\]([^[]*)\[\/url\]/gi;
/** Links without a text of their own, and unpaired tags. */
const BB_URL = /\[\/?url(?:=[^[\]]*)?\]/gi;
const HTML = /<[a-z!/][^<>]*>|&(?:#\d+|#x[\da-f]+|[a-z]+);/i;
/** A longer text keeps its markup: removing it could take long. */
const MAX_LENGTH = 200_000;

/**
 * A text without its markup: paragraphs and lists become lines, links keep their addresses in brackets. The result is not
 * safe HTML: templates escape it like any other text.
 */
export function withoutMarkup(text: string): string {
  if (text.length > MAX_LENGTH) return text;
  const plain = HTML.test(text)
    ? convert(text.replace(/\r?\n/g, '<br>'), {
        wordwrap: false,
        limits: { maxInputLength: MAX_LENGTH * 10, maxDepth: 50 },
        selectors: [
          { selector: 'a', options: { hideLinkHrefIfSameAsText: true } },
          { selector: 'img', format: 'skip' },
          ...['h1', 'h2', 'h3', 'h4', 'h5', 'h6'].map((selector) => ({
            selector,
            options: { uppercase: false },
          })),
        ],
      })
    : text;
  return plain
    .replace(BB_CODE, '')
    .replace(BB_LINK, (_, address: string, words: string) => linkText(address, words))
    .replace(BB_URL, '')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}

/** As `convert` writes links of HTML; an address that is not http(s), mailto or tel is left out. */
function linkText(address: string, words: string): string {
  if (!/^(https?|mailto|tel):/i.test(address)) return words;
  return words === '' || words === address ? address : `${words} [${address}]`;
}
