import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { describeUserAgent } from '../../src/auth/user-agent.ts';
import { EACH } from '../support/fuzz.ts';
import { anyText, mutated } from '../support/hostile-values.ts';

const BROWSERS = ['Yandex', 'Edge', 'Opera', 'Samsung Internet', 'Firefox', 'Chrome', 'Safari', null];
const SYSTEMS = ['iOS', 'Android', 'Windows', 'macOS', 'ChromeOS', 'Linux', null];

const anAgent = fc.constantFrom(
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36 Edg/120.0',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 Mobile/15E148 Safari/604.1',
  'Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0',
  `Mozilla/5.0 (${'Version/'.repeat(40)}`,
  'curl/8.0',
);

describe('a User-Agent', () => {
  it('whatever it is › is one of the browsers and systems we name, or unknown', () => {
    fc.assert(
      fc.property(fc.oneof(mutated(anAgent), anyText), (agent) => {
        const { browser, system } = describeUserAgent(agent);

        expect(BROWSERS).toContain(browser);
        expect(SYSTEMS).toContain(system);
      }),
      EACH,
    );
  });
});
