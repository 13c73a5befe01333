import { describe, expect, it } from '@jest/globals';
import { createPendingAuthorizations } from '../../src/auth/pending-authorizations.ts';
import { createMemoryStore } from '../support/memory-store.ts';

const STATES = 100_000;
/** So many browsers set out at a time. */
const AT_ONCE = 5_000;

describe('the state of a sign-in', () => {
  it('when 100,000 are given out › no two are the same, and each is 32 bytes', async () => {
    const given = new Set<string>();
    // Nothing is written to a disk: what the state is made of is the question here.
    const flows = createPendingAuthorizations({ store: createMemoryStore(Date.now), clientId: 'app' });
    const flow = { portal: 'https://acme.bitrix24.com', returnTo: '/companies', attempt: 1 };

    for (let first = 0; first < STATES; first += AT_ONCE) {
      const browsers = Array.from({ length: AT_ONCE }, (_, index) => `browser ${first + index}`);
      const states = await Promise.all(browsers.map((browser) => flows.start(browser, flow)));
      for (const state of states) given.add(state);
    }

    expect(given.size).toBe(STATES);
    const odd = [...given].filter((state) => Buffer.from(state, 'base64url').length !== 32);
    expect(odd).toEqual([]);
  }, 180_000);
});
