import { describe, expect, it } from '@jest/globals';
import type { Request } from 'express';
import fc from 'fast-check';
import { isRedirectionEndpoint, ownAddress, parseReturnTo } from '../../src/auth/return-to.ts';
import { EACH } from '../support/fuzz.ts';
import { hostileReturnTos } from '../support/hostile-return-tos.ts';
import { anyJson, anyText, mutated } from '../support/hostile-values.ts';

const HOME = '/companies';

const ORIGINS = ['https://crm.example.com', 'http://localhost:8050'];
/** Pages from which a browser may be sent there. */
const PAGES = ['/', '/bitrix?code=1&state=2', '/companies/7', '//odd'];

const aPath = fc.constantFrom(
  '/',
  '/companies',
  '/companies/7?from=q%3Da',
  '/companies?q=a&page=2#top',
  '/bitrix?code=1',
  '/login',
  '/account',
  '//evil.example/companies',
);
const anyReturnTo = fc.oneof(
  mutated(fc.oneof(aPath, fc.constantFrom(...hostileReturnTos()))),
  anyText,
  anyJson,
);

describe('where a sign-in returns to', () => {
  it('whatever was asked for › a browser stays with us, and does not come back to the redirection endpoint', () => {
    fc.assert(
      fc.property(
        anyReturnTo,
        fc.constantFrom(...ORIGINS),
        fc.constantFrom(...PAGES),
        (value, origin, page) => {
          const returnTo = parseReturnTo(value, HOME);

          const reached = new URL(returnTo, origin + page);
          expect(reached.origin).toBe(origin);
          expect([reached.username, reached.password]).toEqual(['', '']);
          expect(isRedirectionEndpoint(reached.pathname)).toBe(false);
          expect(reached.pathname + reached.search).toBe(returnTo);
          // Headers hold no line breaks, and nothing that somebody else would write otherwise.
          expect(returnTo).toMatch(/^\/[!-~]*$/);
        },
      ),
      EACH,
    );
  });

  it('whatever was asked for › asking for what came out gives the same', () => {
    fc.assert(
      fc.property(anyReturnTo, (value) => {
        const returnTo = parseReturnTo(value, HOME);

        expect(parseReturnTo(returnTo, HOME)).toBe(returnTo);
      }),
      EACH,
    );
  });

  it('when it is a page of ours › is that page', () => {
    const search = fc.webQueryParameters().map((text) => new URL(`https://a.example/?${text}`).search);
    fc.assert(
      fc.property(fc.nat(), search, (id, query) => {
        const path = `/companies/${id}${query}`;

        expect(parseReturnTo(path, HOME)).toBe(path.length > 2_000 ? HOME : path);
      }),
      EACH,
    );
  });
});

describe('the address of a page, as the page repeats it', () => {
  it('whatever was visited › is one of ours, and not the redirection endpoint', () => {
    const anyVisit = mutated(fc.oneof(aPath, fc.constantFrom(...hostileReturnTos())));
    fc.assert(
      fc.property(fc.constantFrom('GET', 'HEAD', 'POST'), anyVisit, (method, visited) => {
        // A request line begins with a slash and holds no space.
        const originalUrl = `/${visited.replace(/^\//, '').replace(/[^!-~]/g, '')}`;
        const path = originalUrl.split(/[?#]/, 1)[0] ?? '';

        const address = ownAddress({ method, path, originalUrl } as Request);

        const reached = new URL(address, ORIGINS[0]);
        expect(reached.origin).toBe(ORIGINS[0]);
        expect(isRedirectionEndpoint(reached.pathname)).toBe(false);
      }),
      EACH,
    );
  });
});
