import { describe, expect, it } from '@jest/globals';
import { withoutMarkup } from '../../../src/bitrix24/crm/plain-text.ts';

describe('withoutMarkup()', () => {
  it.each([
    ['nothing to take out', '3 < 4 & 5 > 2', '3 < 4 & 5 > 2'],
    ['lines', 'one\ntwo\n\nthree', 'one\ntwo\n\nthree'],
    ['paragraphs', '<p>Hello <b>world</b></p><p>again</p>', 'Hello world\n\nagain'],
    ['breaks and lines', 'a<br>b\nc', 'a\nb\nc'],
    ['a list', '<ul><li>one</li><li>two</li></ul>', '* one\n * two'],
    ['characters in writing', 'Fish &amp; Chips &lt;b&gt;', 'Fish & Chips <b>'],
    ['BBCode', '[b]bold[/b] [1] [sic]', 'bold [1] [sic]'],
    ['links of BBCode', '[url=http://x.example][b]link[/b][/url]', 'link [http://x.example]'],
    [
      'addresses of BBCode',
      '[url]http://x.example[/url] [url=http://y.example][/url]',
      'http://x.example http://y.example',
    ],
    ['links of BBCode that run', '[url=javascript:alert(1)]link[/url]', 'link'],
    ['half a link', '[url=http://x.example]link', 'link'],
    ['tags around nothing', '<p></p>[p][/p]<br>', ''],
    ['a script', '<script>alert(1)</script>after', 'after'],
    ['a headline', '<h1>Title</h1>text', 'Title\n\ntext'],
  ])('when there are %s › reads as text', (_, markup, text) => {
    expect(withoutMarkup(markup)).toBe(text);
  });

  it('when it is longer than 200,000 characters › is left as it is', () => {
    const text = '<b>'.repeat(100_000);

    expect(withoutMarkup(text)).toBe(text);
  });
});
