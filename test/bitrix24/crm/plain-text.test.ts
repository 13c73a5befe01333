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
    ['cells', '<table><tr><td>a</td><td>b</td></tr><tr><th>c</th><td>d</td></tr></table>e', 'a b\nc d\n\ne'],
    ['terms', '<dl><dt>a</dt><dd>b</dd></dl>c', 'a\nb\nc'],
    ['figures', 'a<figure>b<figcaption>c</figcaption></figure>d', 'a\nb\nc\nd'],
    ['lists of BBCode', '[LIST][*]договор[*]счёт[/LIST]', '* договор\n* счёт'],
    ['lists on lines', 'до:\n[list=1]\n[*] a\n[*]b\n[/list]\nпосле', 'до:\n* a\n* b\nпосле'],
    ['lists in lists', '[list][*]a[list][*]b[/list][*]c[/list]', '* a\n* b\n* c'],
    ['lists as in HTML', '[ul][li]a[/li][li]b[/li][/ul][ol][li]c[/li][/ol]d', '* a\n* b\n* c\nd'],
    [
      'cells of BBCode',
      '[table][tr][td]a[/td][td]b[/td][/tr][tr][th]c[/th][td]d[/td][/tr][/table]e',
      'a b\nc d\ne',
    ],
    ['cells alone', '[td]a[/td][td]b[/td]', 'a b'],
    ['headlines of BBCode', '[h1]A[/h1]b[h6]C[/h6]d', 'A\nb\nC\nd'],
    ['paragraphs of BBCode', '[p]a[/p][p]b[/p]', 'a\nb'],
    ['a file of the portal', 'a [DISK FILE ID=n123] b', 'a  b'],
    ['an instant', '[timestamp=1790000000 format=SHORT_DATE_FORMAT]', '2026-09-21 14:13 UTC'],
    ['an instant of no time', 'a[timestamp=x]b[timestamp=999999999999]', 'ab'],
    ['a user', '[USER=5]Ada Admin[/USER] wrote', 'Ada Admin wrote'],
    ['quotations in quotations', '[quote]a[quote]b[/quote]c[/quote]d', 'a\nb\nc\nd'],
    ['pictures of BBCode', 'a[img width=5]https://x.example/?auth=secret[/img]b', 'ab'],
    ['colours and sizes', '[color=#f00]a[/color][size=12pt]b[/size][font=Arial]c[/font]', 'abc'],
    ['a colour without an end', '[color=red]a', 'a'],
    ['ends without a beginning', 'a[/b] b[/color]', 'a b'],
    [
      'letters in brackets',
      'a[i] = b[u]; [p] [s] [*] [table] [left] [list of b]',
      'a[i] = b[u]; [p] [s] [*] [table] [left] [list of b]',
    ],
    ['a letter in brackets and a tag', '[b]a[i][/b]', 'a[i]'],
    ['code', '[code]a[i] = [b]1[/b][/code]', 'a[i] = [b]1[/b]'],
    ['code without an end', '[code][b]a[/b]', '[code]a'],
    [
      'links in links',
      '[url=http://x.example]a[url=http://y.example]b[/url][/url]',
      'ab [http://y.example] [http://x.example]',
    ],
    [
      'links in parts',
      '[url=http://x.example]http://x.example[b]/a[/b][/url]',
      'http://x.example/a [http://x.example]',
    ],
  ])('when there are %s › reads as text', (_, markup, text) => {
    expect(withoutMarkup(markup)).toBe(text);
  });

  it('when it is longer than 200,000 characters › is left as it is', () => {
    const text = '<b>'.repeat(100_000);

    expect(withoutMarkup(text)).toBe(text);
  });
});
