import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseRequestLimits } from '../../src/bitrix24/limits/request-limits.ts';
import { EACH, outcomeOf } from '../support/fuzz.ts';
import { anyText, mutated } from '../support/hostile-values.ts';

const aHost = fc.constantFrom(
  'acme.bitrix24.ru',
  'a.b.bitrix24.com',
  'box.local',
  'xbitrix24.ru',
  '[::1]',
  '10.0.0.5',
);
const aPattern = fc.constantFrom(
  '*.bitrix24.*',
  '*.bitrix24.ru',
  'acme.*',
  '*',
  '*.local',
  'a*.bitrix24.ru',
  '10.0.0.*',
  '*a*.*',
);
const aLimit = fc.record({
  host: fc.oneof(
    aHost,
    aPattern,
    aHost.map((host) => `${host}:8080`),
  ),
  burst: fc.integer({ min: 1, max: 99_999 }),
  perSecond: fc.constantFrom(0.5, 1, 2, 5, 1.125, 9999),
});
type Limit = { host: string; burst: number; perSecond: number };

const written = ({ host, burst, perSecond }: Limit) => `${host}=${burst}/${perSecond}`;

describe('BITRIX24_LIMITS', () => {
  it('when limits are written down › a portal has that of its own name, else of the first pattern', () => {
    fc.assert(
      fc.property(
        fc.array(aLimit, { maxLength: 5 }),
        aHost,
        fc.constantFrom('', ':8080'),
        (limits, hostname, port) => {
          const parsed = parseRequestLimits(limits.map(written).join(', '));

          const found = parsed.of({ host: hostname + port, hostname });

          expect(found).toEqual(limitOf(limits, hostname + port, hostname));
        },
      ),
      EACH,
    );
  });

  it('whatever is written there › is read, or refused in plain words', () => {
    const text = fc
      .array(fc.oneof(mutated(aLimit.map(written)), anyText), { maxLength: 4 })
      .map((all) => all.join(','));
    fc.assert(
      fc.property(text, aHost, (limits, hostname) => {
        const outcome = outcomeOf(() => parseRequestLimits(limits).of({ host: hostname, hostname }), [Error]);

        if ('refusal' in outcome) return expect(outcome.refusal.message).toMatch(/^cannot read entry \d+: /);
        if (outcome.value === undefined) return;
        const { burst, perSecond } = outcome.value;
        expect(Number.isInteger(burst) && burst >= 1).toBe(true);
        expect(Number.isFinite(perSecond) && perSecond > 0).toBe(true);
      }),
      EACH,
    );
  });
});

/** The naive reading: the last of those written out alike, then the first pattern that fits. */
function limitOf(limits: Limit[], host: string, hostname: string) {
  const exact =
    limits.findLast((limit) => limit.host === host) ?? limits.findLast((limit) => limit.host === hostname);
  const fitting = limits.find(
    (limit) => limit.host.includes('*') && (fits(limit.host, hostname) || fits(limit.host, host)),
  );
  const { burst, perSecond } = exact ?? fitting ?? {};
  return burst === undefined ? undefined : { burst, perSecond };
}

/** Tries every length for the first star, one letter at least. */
function fits(pattern: string, host: string): boolean {
  const star = pattern.indexOf('*');
  if (star < 0) return pattern === host;
  if (!host.startsWith(pattern.slice(0, star))) return false;
  for (let end = star + 1; end <= host.length; end += 1) {
    const isName = [...host.slice(star, end)].every((letter) =>
      'abcdefghijklmnopqrstuvwxyz0123456789.-'.includes(letter),
    );
    if (isName && fits(pattern.slice(star + 1), host.slice(end))) return true;
  }
  return false;
}
