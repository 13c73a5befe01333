import { describe, expect, it } from '@jest/globals';
import { mailHref, phoneHref, webHref } from '../../src/companies/links.ts';

describe('phoneHref()', () => {
  it.each([
    ['+74951234567', 'tel:+74951234567'],
    ['+7 (495) 123-45-67', 'tel:+74951234567'],
    ['8 800 555 35 35', 'tel:88005553535'],
    ['  +1.202.555.0100  ', 'tel:+12025550100'],
    ['tel: +44 20 7946 0000', 'tel:+442079460000'],
    ['+7 495 123‑45‑67', 'tel:+74951234567'],
    ['+7 495 123−45−67', 'tel:+74951234567'],
    ['+7 495 123—45—67', 'tel:+74951234567'],
    ['+7\u00a0495\u202f123\u200945\u200967', 'tel:+74951234567'],
    ['\u202a+7 495 123-45-67\u202c', 'tel:+74951234567'],
    ['+7 (495)\u200b123-45-67', 'tel:+74951234567'],
    ['тел.: 8 (495) 123-45-67', 'tel:84951234567'],
    ['(+7) 495 123-45-67', 'tel:+74951234567'],
    ['112', 'tel:112'],
    ['+7+495', 'tel:+7495'],
    ['javascript:alert(11)', 'tel:11'],
    ['"><script>22', 'tel:22'],
  ])('when it is %j › dials %s', (phone, href) => {
    expect(phoneHref(phone)).toBe(href);
  });

  it.each(['', ' ', '+', '-', '5', 'нет', 'ask the secretary', '()'])(
    'when it is %j › dials nothing',
    (phone) => {
      expect(phoneHref(phone)).toBe(undefined);
    },
  );

  it.each([
    '+7 495 123-45-67 доб. 101',
    '+7 (495) 123-45-67 ext. 101',
    '+74951234567 x101',
    '+74951234567,101',
  ])('when it is %j, with an extension › does not dial a number that nobody has', (phone) => {
    expect(phoneHref(phone)).toMatch(/^tel:\+74951234567(;ext=101)?$/);
  });

  it('when it holds two numbers › does not dial them as one', () => {
    expect(phoneHref('+7 495 123-45-67, +7 495 765-43-21')).toBe('tel:+74951234567');
  });
});

describe('mailHref()', () => {
  it.each([
    ['info@acme.example', 'mailto:info@acme.example'],
    [' info@acme.example ', 'mailto:info@acme.example'],
    ["o'brien+b24@acme.example", "mailto:o'brien%2Bb24@acme.example"],
    ['a?subject=x&bcc=b@acme.example', 'mailto:a%3Fsubject%3Dx%26bcc%3Db@acme.example'],
    ['a@acme.example?bcc=all', 'mailto:a@acme.example%3Fbcc%3Dall'],
    ['a%0d%0abcc:b@acme.example', 'mailto:a%250d%250abcc%3Ab@acme.example'],
    [
      'почта@пример.example',
      'mailto:%D0%BF%D0%BE%D1%87%D1%82%D0%B0@%D0%BF%D1%80%D0%B8%D0%BC%D0%B5%D1%80.example',
    ],
    ['"><script>@x', 'mailto:%22%3E%3Cscript%3E@x'],
  ])('when it is %j › writes to %s and nobody else', (email, href) => {
    expect(mailHref(email)).toBe(href);
  });

  it.each([
    '',
    '@',
    'a@',
    '@b',
    'no address',
    'a b@c',
    'a@b@c',
    'a@b c',
    'javascript:alert(1)',
    'a@b\nbcc:c',
  ])('when it is %j › is no link', (email) => {
    expect(mailHref(email)).toBe(undefined);
  });

  it.each(['\ud800@acme.example', 'info@\udfff'])(
    'when it is %j, half a character › is no reason to fail',
    (email) => {
      expect(() => mailHref(email)).not.toThrow();
    },
  );
});

describe('webHref()', () => {
  it.each([
    ['https://acme.example', 'https://acme.example/'],
    ['http://acme.example/path?a=1#b', 'http://acme.example/path?a=1#b'],
    [' HTTPS://ACME.example/Path ', 'https://acme.example/Path'],
    ['https://acme.example/"><script>', 'https://acme.example/%22%3E%3Cscript%3E'],
    ['https://пример.example', 'https://xn--e1afmkfd.example/'],
    ['www.acme.example', 'http://www.acme.example/'],
    ['пример.рф/цены?a=1', 'http://xn--e1afmkfd.xn--p1ai/%D1%86%D0%B5%D0%BD%D1%8B?a=1'],
    ['acme.example:8080', 'http://acme.example:8080/'],
  ])('when it is %j › leads to %s', (address, href) => {
    expect(webHref(address)).toBe(href);
  });

  it.each([
    '',
    'acme',
    'acme.example and more',
    '10.0.0.1',
    'javascript.alert:x',
    '//acme.example',
    '/companies',
    'javascript:alert(1)',
    'JAVASCRIPT:alert(1)',
    'java\nscript:alert(1)',
    '\tjavascript:alert(1)',
    '\u0001javascript:alert(1)',
    'javascript://https://acme.example/%0aalert(1)',
    'data:text/html,<script>alert(1)</script>',
    'vbscript:x',
    'file:///etc/passwd',
    'blob:https://acme.example/x',
    'ftp://acme.example',
    'mailto:a@b.example',
    'tel:112',
    'about:blank',
    'view-source:https://acme.example',
    'intent://acme.example#Intent;scheme=http;end',
    'https://',
    'https://\ud800',
  ])('when it is %j › is no link', (address) => {
    expect(webHref(address)).toBe(undefined);
  });
});
