import { describe, expect, it } from '@jest/globals';
import ejs from 'ejs';
import fc from 'fast-check';
import { withoutMarkup } from '../../src/bitrix24/crm/plain-text.ts';
import { endsAtAll } from '../support/ends-at-all.ts';
import { EACH, times } from '../support/fuzz.ts';
import { anyText, mutated } from '../support/hostile-values.ts';

/** As long as a text may be: looking from every beginning at all that follows would not come to an end. */
const LONG = 200_000;

const PIECES = [
  '<b>',
  '</b>',
  '<',
  '>',
  '<a ',
  '<a href="',
  '</a>',
  '<!--',
  '-->',
  '<![CDATA[',
  '<p>',
  '<ul><li>',
  '<table><tr><td>',
  '<br>',
  '&',
  '&amp;',
  '&#',
  '&#x',
  ';',
  '[',
  ']',
  '[b]',
  '[/b]',
  '[url=',
  '[url=http://a.example]',
  '[*]',
  '[list]',
  '[/list]',
  '[td]',
  '[/td]',
  '[code]',
  '[/code]',
  '[img]',
  '[/img]',
  '[/url]',
  '[disk file id=',
  '[timestamp=1',
  '<td>',
  '<dl><dt>',
  '"',
  "'",
  '=',
  '/',
  ' ',
  '\n',
  '\t',
  'a',
  '1',
];
const someMarkup = fc.array(fc.constantFrom(...PIECES), { maxLength: 40 }).map((pieces) => pieces.join(''));

/** Words in tags of HTML or BBCode, however deep; and the words alone, in their order. */
interface Rich {
  markup: string;
  words: string[];
}
const aWord = fc.stringMatching(/^[a-z]{1,8}$/).map((word): Rich => ({ markup: `${word} `, words: [word] }));
const aTag = fc.constantFrom(
  'b',
  'i',
  'p',
  'div',
  'span',
  'em',
  'ul',
  'blockquote',
  'h2',
  'dt',
  'figure',
  'center',
);
const aCode = fc.constantFrom(
  'b',
  'i',
  'u',
  's',
  'quote',
  'list',
  'center',
  'td',
  'tr',
  'h1',
  'li',
  'user',
  'url',
);
const aRichText = fc.letrec<{ rich: Rich }>((tie) => ({
  rich: fc.oneof(
    { maxDepth: 6, withCrossShrink: true },
    aWord,
    fc.array(tie('rich'), { maxLength: 4 }).map(joined),
    fc
      .tuple(aTag, tie('rich'))
      .map(([tag, { markup, words }]) => ({ markup: `<${tag} class="x">${markup}</${tag}>`, words })),
    fc
      .tuple(aCode, tie('rich'))
      .map(([code, { markup, words }]) => ({ markup: `[${code}]${markup}[/${code.toUpperCase()}]`, words })),
  ),
})).rich;

describe('a text without its markup', () => {
  it('when words are in tags of HTML and BBCode › has the words in their order, and no tag', () => {
    fc.assert(
      fc.property(aRichText, ({ markup, words }) => {
        const text = withoutMarkup(markup);

        // Quotations are marked by `>` at the beginning of a line, lists by `*`.
        expect(text.split(/[\s>*]+/).filter(Boolean)).toEqual(words);
      }),
      EACH,
    );
  });

  it('when there is nothing that could be markup › is the text', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme' }).map((text) => text.replace(/[<&[\n\r]/g, '')),
        (text) => {
          expect(withoutMarkup(text)).toBe(text.trim());
        },
      ),
      EACH,
    );
  });

  it('whatever it was › a page shows it without a tag', () => {
    fc.assert(
      fc.property(fc.oneof(mutated(someMarkup), anyText), (markup) => {
        const html = ejs.render('<p><%= text %></p>', { text: withoutMarkup(markup) });

        expect(html.match(/<[^>]*>?/g)).toEqual(['<p>', '</p>']);
      }),
      EACH,
    );
  });

  it('whatever is repeated in it › comes to an end, however long it is', () => {
    const aUnit = fc
      .array(fc.constantFrom(...PIECES), { minLength: 1, maxLength: 4 })
      .map((pieces) => pieces.join(''));
    const known = [
      ...[
        '<a ',
        '[url=',
        '<!',
        '&#',
        '<b></i>',
        '<ul><li>',
        '\n',
        '[b][/',
        '</',
        ' ',
        '[a ',
        '[code]',
        '[td]',
      ],
      ...['[list][*]', '[url=http://a.example]', '[b][/code]', '[img]', '[/url]', '<td>', '<dl><dt>'],
    ].map((unit): [string] => [unit]);
    fc.assert(
      fc.property(aUnit, (unit) => {
        const text = repeated(unit, LONG);

        expect(endsAtAll(() => withoutMarkup(text)).length).toBeLessThanOrEqual(LONG);
      }),
      { ...times(0.02), numRuns: known.length + times(0.02).numRuns, examples: known },
    );
  });
});

function joined(parts: Rich[]): Rich {
  return { markup: parts.map(({ markup }) => markup).join(''), words: parts.flatMap(({ words }) => words) };
}

function repeated(unit: string, length: number): string {
  return unit.repeat(Math.ceil(length / unit.length)).slice(0, length);
}
