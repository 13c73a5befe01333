import { parse } from 'node:querystring';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  PortalMismatchError,
  parsePortal,
  pickAuthorizationServer,
  UnknownServerError,
} from '../../src/bitrix24/portal.ts';
import { InvalidRequestError } from '../../src/errors.ts';
import { CodeRefusedError, readCode, readState, StateMismatchError } from '../../src/oauth/authorization.ts';
import { EACH, outcomeOf } from '../support/fuzz.ts';
import { anyJson, anyText, MARK, mutated } from '../support/hostile-values.ts';

const PORTALS = ['https://acme.bitrix24.com', 'http://box.local:8080', 'https://xn--80ak6aa92e.xn--p1ai'];
const SERVERS: [URL, ...URL[]] = [
  new URL('https://oauth.bitrix.info'),
  new URL('https://oauth.bitrix24.tech'),
  new URL('http://localhost:8052'),
];
const HOSTS = [...PORTALS, ...SERVERS.map(({ origin }) => origin)].flatMap((origin) => {
  const { host, hostname } = new URL(origin);
  return [host, hostname, origin, host.toUpperCase()];
});

const NAMES = ['code', 'state', 'domain', 'member_id', 'server_domain', 'scope', 'error', '__proto__'];
const aState = fc
  .base64String({ minLength: 44, maxLength: 44 })
  .map((text) => text.replace(/[+/=]/g, '-').slice(0, 43));
const aValue = fc.oneof(aState, mutated(fc.constantFrom(...HOSTS)), anyText, anyJson);

/** As Express reads them, and as it never would. */
const anyQuery: fc.Arbitrary<Record<string, unknown>> = fc.oneof(
  fc.array(fc.tuple(fc.constantFrom(...NAMES), aValue)).map((entries) => Object.fromEntries(entries)),
  fc
    .array(fc.tuple(fc.constantFrom(...NAMES), aValue))
    .map((entries) => parse(entries.map(([name, value]) => `${name}=${encodable(value)}`).join('&'))),
  fc.string({ unit: 'binary' }).map((text) => parse(text)),
);

describe('the redirect', () => {
  it('whatever it holds › its state is one we may have sent, or is refused', () => {
    fc.assert(
      fc.property(anyQuery, (query) => {
        const outcome = outcomeOf(() => readState(query), [InvalidRequestError, StateMismatchError]);

        if ('value' in outcome) expect(outcome.value).toMatch(/^[A-Za-z0-9_-]{43}$/);
        if ('value' in outcome) expect(outcome.value).toBe(query.state);
        else expect(outcome.refusal.message).not.toContain(MARK);
      }),
      EACH,
    );
  });

  it('whatever it holds › its code is a text that came once, or is refused', () => {
    fc.assert(
      fc.property(anyQuery, (query) => {
        const outcome = outcomeOf(() => readCode(query), [InvalidRequestError, CodeRefusedError]);

        if ('refusal' in outcome) return expect(outcome.refusal.message).not.toContain(MARK);
        expect(outcome.value).toBe(query.code);
        expect(outcome.value.length).toBeGreaterThan(0);
        expect(outcome.value.length).toBeLessThanOrEqual(2048);
      }),
      EACH,
    );
  });

  it('whatever it says of domains › the secret goes to one of our own list, and to the one that was named', () => {
    fc.assert(
      fc.property(aClaim(), aClaim(), fc.constantFrom(...PORTALS), (domain, serverDomain, origin) => {
        const portal = parsePortal(origin);
        if (portal === undefined) throw new Error('the test names no portal');

        const outcome = outcomeOf(
          () => pickAuthorizationServer({ domain, serverDomain }, portal, SERVERS),
          [PortalMismatchError, UnknownServerError],
        );

        if ('refusal' in outcome) return;
        expect(SERVERS).toContain(outcome.value);
        if (serverDomain !== undefined) expect(sameHost(serverDomain, outcome.value.host)).toBe(true);
        if (domain !== undefined)
          expect(sameHost(domain, portal.host) || sameHost(domain, portal.hostname)).toBe(true);
      }),
      EACH,
    );
  });
});

function aClaim(): fc.Arbitrary<unknown> {
  return fc.oneof(
    fc.constant(undefined),
    fc.constantFrom(...HOSTS),
    mutated(fc.constantFrom(...HOSTS)),
    fc.array(fc.constantFrom(...HOSTS), { maxLength: 2 }),
    anyText,
    anyJson,
  );
}

/** Letter by letter, so that nothing that only looks alike is the same. */
function sameHost(claim: unknown, host: string): boolean {
  if (typeof claim !== 'string' || claim.length !== host.length) return false;
  return [...host].every((letter, index) => claim[index] === letter || claim[index] === letter.toUpperCase());
}

function encodable(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return encodeURIComponent(Buffer.from(text ?? '').toString());
}
