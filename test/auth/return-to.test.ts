import { describe, expect, it } from '@jest/globals';
import { parseReturnTo } from '../../src/auth/return-to.ts';

const HOME = '/companies';

describe('parseReturnTo()', () => {
  it.each([
    ['/companies', '/companies'],
    ['/companies/42', '/companies/42'],
    ['/companies?q=a&page=2&sort=title&order=asc', '/companies?q=a&page=2&sort=title&order=asc'],
    ['/companies?q=https://evil.example', '/companies?q=https://evil.example'],
    ['/companies?q=//evil', '/companies?q=//evil'],
    ['/companies?q=Ромашка', '/companies?q=%D0%A0%D0%BE%D0%BC%D0%B0%D1%88%D0%BA%D0%B0'],
    ['/companies?q=100%', '/companies?q=100%'],
    ['/companies/42?from=q%3Da', '/companies/42?from=q%3Da'],
    ['/companies#top', '/companies'],
    ['/loginhelp', '/loginhelp'],
    ['/bitrix24', '/bitrix24'],
    ['/companies/../companies/1', '/companies/1'],
    ['/companies\\1', '/companies/1'],
  ])('when it is %j › goes to %s', (value, path) => {
    expect(parseReturnTo(value, HOME)).toBe(path);
  });

  it.each<[string, unknown]>([
    ['absent', undefined],
    ['null', null],
    ['empty', ''],
    ['a number', 7],
    ['repeated', ['/companies', '/companies']],
    ['an object', { path: '/companies/1' }],
    ['too long', `/companies?q=${'a'.repeat(2000)}`],
  ])('when it is %s › goes to the default', (_, value) => {
    expect(parseReturnTo(value, HOME)).toBe(HOME);
  });

  it.each([
    ['https://evil.example'],
    ['http://evil.example/companies'],
    ['https:evil.example'],
    ['https:/evil.example'],
    ['//evil.example'],
    ['///evil.example'],
    ['////evil.example'],
    ['/\\evil.example'],
    ['\\\\evil.example'],
    ['\\/evil.example'],
    ['/\\/evil.example'],
    ['//\\evil.example'],
    ['/\t/evil.example'],
    ['/\n/evil.example'],
    ['/\r\n/evil.example'],
    ['/\r\\evil.example'],
    ['\t//evil.example'],
    [' //evil.example'],
    ['\0//evil.example'],
    ['/.//evil.example'],
    ['/..//evil.example'],
    ['/./\\evil.example'],
    ['/%2e//evil.example'],
    ['/%2E%2e//evil.example'],
    ['/companies/..//evil.example'],
    ['/companies/../\\evil.example'],
    ['/companies/%2e%2e//evil.example'],
    ['/a/b/../..//evil.example'],
    ['//evil.example\\@app.invalid'],
    ['//app.invalid@evil.example'],
    ['//user@app.invalid/companies'],
    ['//user:pw@app.invalid/companies'],
    ['//app.invalid:8443/companies'],
    ['https://app.invalid/companies/1'],
    ['@evil.example'],
    ['.evil.example'],
    ['companies'],
    ['?q=a'],
    ['#top'],
    ['javascript:alert(1)'],
    ['JaVaScRiPt:alert(1)'],
    ['java\nscript:alert(1)'],
    ['\u0001javascript:alert(1)'],
    ['data:text/html,<script>alert(1)</script>'],
    ['vbscript:x'],
    ['file:///etc/passwd'],
    ['blob:https://evil.example/x'],
    ['about:blank'],
    ['／／evil.example'],
    ['//[::1'],
    ['//evil.example:port'],
  ])('when it is %j › stays on our origin', (value) => {
    expect(parseReturnTo(value, HOME)).toBe(HOME);
  });

  it.each([
    ['/'],
    ['/?returnTo=/companies'],
    ['/login'],
    ['/login/'],
    ['/login?portal=x'],
    ['/logout'],
    ['/bitrix'],
    ['/bitrix?code=a&state=b'],
    ['/bitrix/'],
    ['/language'],
    ['/companies/../login'],
    ['/%2e/login'],
    ['/.\\login'],
    ['\\login'],
    ['/lo\tgin'],
    ['/Login'],
    ['/LOGIN?portal=x'],
    ['/Bitrix?code=a&state=b'],
    ['/LogOut'],
  ])('when it is %j, which would go round in a circle › goes to the default', (value) => {
    expect(parseReturnTo(value, HOME)).toBe(HOME);
  });

  it.each([
    ['/companies?q=a b'],
    ['/companies?q="><script>'],
    ["/companies?q='"],
    ['/comp anies'],
    ['/companies/%2F%2Fevil.example'],
    ['/companies?q=\u2028'],
    ['/companies/\ud800'],
    ['/%0d%0aSet-Cookie: a=b'],
  ])(
    'when it is %j › comes out as something that fits into a header, and is read the same again',
    (value) => {
      const path = parseReturnTo(value, HOME);

      expect(path).toMatch(/^\/[\x21-\x7e]*$/);
      expect(path).not.toMatch(/^\/\//);
      expect(parseReturnTo(path, HOME)).toBe(path);
    },
  );
});
