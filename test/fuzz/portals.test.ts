import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  findAllowedEndpoint,
  PortalMismatchError,
  parseAllowedPortals,
  parseClientEndpoint,
  parsePortal,
} from '../../src/bitrix24/portal.ts';
import { EACH, outcomeOf } from '../support/fuzz.ts';
import { anyText, mutated } from '../support/hostile-values.ts';

/** One entry of BITRIX24_PORTALS, before it is written down. */
type Entry =
  | { scheme: 'http' | 'https'; isBare: boolean; host: string; port: number | undefined }
  | { region: string };

const aHost = fc.constantFrom(
  'acme.bitrix24.ru',
  'beta.bitrix24.com',
  'box.local',
  '10.0.0.5',
  '[::1]',
  'xn--e1afmkfd.example',
);
const anEntry: fc.Arbitrary<Entry> = fc.oneof(
  fc.record({
    scheme: fc.constantFrom('http' as const, 'https' as const),
    isBare: fc.boolean(),
    host: aHost,
    port: fc.constantFrom(undefined, 80, 443, 8080),
  }),
  fc.record({ region: fc.constantFrom('.bitrix24.ru', '.bitrix24.com', '.portals.acme.example') }),
);
/** All different: the same one twice is refused. */
const someEntries = fc.uniqueArray(anEntry, {
  minLength: 1,
  maxLength: 4,
  selector: (entry) => ('region' in entry ? entry.region.toLowerCase() : originOf(entry)),
});

const aLabel = fc.constantFrom(
  'acme',
  'evil',
  'a.b',
  '',
  '-',
  'a_b',
  'acme.bitrix24.ru',
  'evil.example/',
  'e:1@',
);
const anAddress = mutated(
  fc.oneof(
    fc
      .tuple(fc.constantFrom('', 'http://', 'https://', 'HTTPS://', 'ftp://', '//'), aHost)
      .map((parts) => parts.join('')),
    fc
      .tuple(
        fc.constantFrom('', 'http://', 'https://'),
        aLabel,
        fc.constantFrom('.bitrix24.ru', '.bitrix24.com', '.portals.acme.example', 'bitrix24.ru'),
        fc.constantFrom('', ':80', ':443', ':8443', '/', '/rest/', '/rest/profile', '#', '?x'),
      )
      .map((parts) => parts.join('')),
  ),
);
const aTypedAddress = fc.oneof(anAddress, anyText);

describe('BITRIX24_PORTALS', () => {
  it('whatever is written there › is read, or refused in words that do not repeat it', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(aTypedAddress, mutated(fc.constantFrom('*.bitrix24.ru', '*'))), { maxLength: 4 }),
        (entries) => {
          const text = [...entries, 'https://user:hush-hush@'].join(',');

          const outcome = outcomeOf(() => parseAllowedPortals(text), [Error]);

          if ('refusal' in outcome) {
            expect(outcome.refusal.constructor).toBe(Error);
            expect(outcome.refusal.message).not.toContain('hush-hush');
          }
        },
      ),
      EACH,
    );
  });

  it('when portals are listed › each is found as it was written, and as an origin', () => {
    fc.assert(
      fc.property(someEntries, (entries) => {
        const portals = parseAllowedPortals(entries.map(written).join(','));

        for (const entry of entries) {
          if ('region' in entry) continue;
          expect(portals.findListed(written(entry))?.origin).toBeDefined();
          expect(portals.findListed(originOf(entry))?.origin).toBe(originOf(entry));
        }
      }),
      EACH,
    );
  });

  it('when an address is typed › what is allowed is covered by the list, and is where a browser would go', () => {
    fc.assert(
      fc.property(someEntries, aTypedAddress, (entries, typed) => {
        const portals = parseAllowedPortals(entries.map(written).join(','));

        const allowed = portals.findAllowed(typed);
        const listed = portals.findListed(typed);

        if (allowed) {
          expect(isCovered(allowed.origin, entries)).toBe(true);
          expect(placesMeantBy(typed)).toContain(allowed.origin);
        }
        if (listed) expect(isListed(listed.origin, entries)).toBe(true);
        // A region lets one address in that nobody has listed, but takes none away.
        if (listed) expect(allowed).toBe(listed);
      }),
      EACH,
    );
  });

  it('when a portal of a region is typed › is allowed', () => {
    const label = fc
      .stringMatching(/^[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?$/)
      .filter((text) => !text.startsWith('xn--'));
    fc.assert(
      fc.property(label, fc.constantFrom('', 'https://'), (name, scheme) => {
        const portals = parseAllowedPortals('https://box.local,*.bitrix24.ru');

        const allowed = portals.findAllowed(`${scheme}${name}.bitrix24.ru`);

        expect(allowed?.origin).toBe(`https://${name}.bitrix24.ru`);
      }),
      EACH,
    );
  });
});

describe('an address that a portal names for its REST', () => {
  it('whatever it is › what is called is /rest/ of a covered portal, or of one that is listed without TLS', () => {
    fc.assert(
      fc.property(someEntries, aTypedAddress, (entries, text) => {
        const portals = parseAllowedPortals(entries.map(written).join(','));

        const endpoint = findAllowedEndpoint(text, portals);

        if (endpoint === undefined) return;
        const { origin, hostname } = new URL(endpoint);
        expect(endpoint).toBe(`${origin}/rest/`);
        expect(new URL(text).origin).toBe(origin);
        const isUpgrade = origin === `https://${hostname}` && isListed(`http://${hostname}`, entries);
        expect(isUpgrade || isCovered(origin, entries)).toBe(true);
      }),
      EACH,
    );
  });

  it('when it comes with a sign-in › is that of the portal where it began, or is refused', () => {
    const endpoints = mutated(
      aHost.chain((host) => fc.constantFrom(`https://${host}/rest/`, `http://${host}/rest/`)),
    );
    fc.assert(
      fc.property(
        aHost,
        fc.constantFrom('http', 'https'),
        fc.oneof(endpoints, anyText),
        (host, scheme, text) => {
          const portal = parsePortal(`${scheme}://${host}`);
          if (portal === undefined) throw new Error('the test names no portal');

          const outcome = outcomeOf(() => parseClientEndpoint(text, portal).href, [PortalMismatchError]);

          if ('refusal' in outcome) return;
          const good = [`${scheme}://${host}/rest/`, `https://${host}/rest/`];
          expect(good).toContain(outcome.value);
        },
      ),
      EACH,
    );
  });
});

function written(entry: Entry): string {
  if ('region' in entry) return `*${entry.region}`;
  const { scheme, isBare, host, port } = entry;
  const address = port === undefined ? host : `${host}:${port}`;
  return isBare && scheme === 'https' ? address : `${scheme}://${address}`;
}

function originOf(entry: Exclude<Entry, { region: string }>): string {
  const usual = entry.scheme === 'https' ? 443 : 80;
  const isUsual = entry.port === undefined || entry.port === usual;
  return `${entry.scheme}://${entry.host}${isUsual ? '' : `:${entry.port}`}`;
}

function isListed(origin: string, entries: Entry[]): boolean {
  return entries.some((entry) => !('region' in entry) && originOf(entry) === origin);
}

/** The naive reading of the setting: the very origin, or https, one name without dots, and the region. */
function isCovered(origin: string, entries: Entry[]): boolean {
  const inRegion = entries.some((entry) => {
    if (!('region' in entry) || !origin.startsWith('https://') || !origin.endsWith(entry.region))
      return false;
    const name = origin.slice('https://'.length, -entry.region.length);
    return name !== '' && [...name].every((letter) => /[a-z0-9_-]/.test(letter));
  });
  return inRegion || isListed(origin, entries);
}

/** Where the address bar leads. A bare host means https, or the one that is listed without TLS. */
function placesMeantBy(typed: string): string[] {
  return [typed, `https://${typed.trim()}`, `http://${typed.trim()}`].flatMap((text) =>
    URL.canParse(text) ? [new URL(text).origin] : [],
  );
}
