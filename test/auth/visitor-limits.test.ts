import { describe, expect, it } from '@jest/globals';
import { createVisitorLimits, networkOf, TooManyRequestsError } from '../../src/auth/visitor-limits.ts';
import { createMemoryStore } from '../support/memory-store.ts';

const newLimits = () => createVisitorLimits({ store: createMemoryStore(Date.now), clientId: 'local.1.0' });

/** How many of `tries` calls one after the other are let through. */
async function passed(tries: number, call: () => Promise<void>): Promise<number> {
  let count = 0;
  for (let each = 0; each < tries; each += 1) {
    await call().then(
      () => {
        count += 1;
      },
      (error: unknown) => expect(error).toBeInstanceOf(TooManyRequestsError),
    );
  }
  return count;
}

describe('networkOf()', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::9', '2001:db8:1:2::/64'],
    ['2001:db8:1:3::9', '2001:db8:1:3::/64'],
    ['fe80::1%eth0', 'fe80::/64'],
    ['', 'unknown'],
    ['not an address', 'unknown'],
    [undefined, 'unknown'],
  ])('when the address is %p › counts it as %s', (address, network) => {
    expect(networkOf(address)).toBe(network);
  });
});

describe('createVisitorLimits()', () => {
  it.each([
    ['countStart', 300],
    ['countRefusedCallback', 100],
  ] as const)('%s() lets one network do it %d times, and others as often', async (name, most) => {
    const limits = newLimits();

    expect(await passed(most + 5, () => limits[name]('192.0.2.7'))).toBe(most);
    expect(await passed(5, () => limits[name]('192.0.2.8'))).toBe(5);
  });

  it('counts all addresses of one IPv6 network together', async () => {
    const limits = newLimits();
    let address = 0;

    const count = await passed(105, () => {
      address += 1;
      return limits.countRefusedCallback(`2001:db8::${address.toString(16)}`);
    });

    expect(count).toBe(100);
  });

  it('counts searches of each person alone', async () => {
    const limits = newLimits();

    expect(
      await passed(125, () => limits.countSearch({ memberId: 'a', clientId: 'local.1.0', userId: 1 })),
    ).toBe(120);
    expect(
      await passed(5, () => limits.countSearch({ memberId: 'a', clientId: 'local.1.0', userId: 2 })),
    ).toBe(5);
    expect(
      await passed(5, () => limits.countSearch({ memberId: 'b', clientId: 'local.1.0', userId: 1 })),
    ).toBe(5);
  });

  it('says when the minute is over', async () => {
    const store = createMemoryStore(Date.now);
    const limits = createVisitorLimits({
      store: { ...store, count: async () => ({ count: 301, leftMs: 1_200 }) },
      clientId: 'local.1.0',
    });

    const refused = limits.countStart('192.0.2.7');

    await expect(refused).rejects.toMatchObject({
      status: 429,
      code: 'too_many_requests',
      retryAfterSeconds: 2,
    });
  });
});
