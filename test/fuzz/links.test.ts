import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { mailHref, phoneHref, webHref } from '../../src/companies/links.ts';
import { EACH } from '../support/fuzz.ts';
import { anyText, mutated } from '../support/hostile-values.ts';

const aValue = fc.constantFrom(
  '+7 (900) 123-45-67, ext. 12',
  '8 800 555 35 35',
  'ada@acme.example',
  'ada@acme.example?subject=x&bcc=evil@evil.example',
  'https://acme.example/a?b=c#d',
  'http://acme.example',
  'acme.example',
  'javascript:alert(1)',
  'java\tscript:alert(1)',
  'data:text/html,<script>alert(1)</script>',
  'mailto:ada@acme.example',
  'tel:+79001234567',
  '//acme.example',
  'https://user:password@acme.example',
);
const anyValue = fc.oneof(mutated(aValue), anyText);

/** Where a link leads that stands on a page of ours. */
const reached = (href: string) => new URL(href, 'https://crm.example.com/companies/7');

describe('a link from CRM data', () => {
  it('whatever the web address is › leads to http or https, or is none', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const href = webHref(value);

        if (href !== undefined) expect(['http:', 'https:']).toContain(reached(href).protocol);
        if (href !== undefined) expect(href).toMatch(/^https?:\/\//);
      }),
      EACH,
    );
  });

  it('whatever the phone is › dials digits and nothing else, or is none', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const href = phoneHref(value);

        if (href !== undefined) expect(href).toMatch(/^tel:\+?\d{2,}$/);
      }),
      EACH,
    );
  });

  it('whatever the e-mail is › writes to one address and brings nothing with it, or is none', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const href = mailHref(value);

        if (href === undefined) return;
        const { protocol, pathname, search, hash } = reached(href);
        expect([protocol, search, hash]).toEqual(['mailto:', '', '']);
        const parts = pathname.split('@').map(decodeURIComponent);
        expect(parts).toHaveLength(2);
        expect(parts.join('@')).toBe(value.trim());
      }),
      EACH,
    );
  });
});
