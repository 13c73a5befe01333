import { beforeEach, describe, expect, it } from '@jest/globals';
import { createWaitingBrowsers, type WaitingBrowsers } from '../../src/auth/waiting-browsers.ts';

const LIFETIME_MS = 600_000;

let now: number;
let forgotten: string[];
let waiting: WaitingBrowsers;
const add = (binding: string, network: string) => waiting.add({ binding, network, sessionId: undefined });

beforeEach(() => {
  now = 0;
  forgotten = [];
  waiting = createWaitingBrowsers({
    max: 10,
    lifetimeMs: LIFETIME_MS,
    now: () => now,
    forget: ({ binding }) => forgotten.push(binding),
  });
});

describe('createWaitingBrowsers()', () => {
  it('forgets nobody while there is room', () => {
    for (let each = 0; each < 10; each += 1) add(`b${each}`, 'one');

    expect(forgotten).toEqual([]);
  });

  it('forgets the oldest of the network that has most', () => {
    for (let each = 0; each < 3; each += 1) add(`early${each}`, 'few');
    for (let each = 0; each < 7; each += 1) add(`b${each}`, 'many');

    add('b7', 'many');
    add('late', 'another');

    expect(forgotten).toEqual(['b0', 'b1']);
  });

  it('spares whoever comes alone, however many a network begins', () => {
    add('alone', 'home');

    for (let each = 0; each < 1_000; each += 1) add(`b${each}`, 'many');

    expect(forgotten).toHaveLength(991);
    expect(forgotten).not.toContain('alone');
  });

  it('takes turns among networks that have equally many', () => {
    add('alone', 'home');

    for (let each = 0; each < 1_000; each += 1) add(`b${each}`, `n${each % 5}`);

    expect(forgotten).not.toContain('alone');
    expect(new Set(forgotten).size).toBe(forgotten.length);
  });

  it('does not count those who came back', () => {
    for (let each = 0; each < 10; each += 1) add(`b${each}`, 'one');

    for (let each = 0; each < 10; each += 1) waiting.remove(`b${each}`);
    for (let each = 0; each < 10; each += 1) add(`c${each}`, 'two');

    expect(forgotten).toEqual([]);
  });

  it('does not count those whose time is over', () => {
    for (let each = 0; each < 10; each += 1) add(`b${each}`, 'one');
    now += LIFETIME_MS;

    for (let each = 0; each < 10; each += 1) add(`c${each}`, 'two');

    expect(forgotten).toEqual([]);
  });

  it('counts a browser with several tabs once, and as the youngest', () => {
    for (let each = 0; each < 10; each += 1) add(`b${each}`, 'one');
    add('b0', 'one');

    add('c0', 'one');

    expect(forgotten).toEqual(['b1']);
  });
});
