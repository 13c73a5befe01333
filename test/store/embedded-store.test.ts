import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { open, type RootDatabase } from 'lmdb';
import { openEmbeddedStore } from '../../src/store/embedded-store.ts';
import type { Store } from '../../src/store/store.ts';
import { createClock, HOUR, MINUTE, type TestClock } from '../support/clock.ts';
import { newDataDir } from '../support/start-app.ts';
import { aKey } from '../support/stores.ts';

let clock: TestClock;
let dataDir: string;
let store: Store;
let raw: RootDatabase<unknown, string>;
beforeEach(() => {
  jest.useFakeTimers({ doNotFake: everythingBut('setInterval', 'clearInterval') });
  clock = createClock();
  dataDir = join(newDataDir(), 'made', 'when needed');
  store = openEmbeddedStore(dataDir, clock.now);
  raw = open<unknown, string>({ path: join(dataDir, 'store.mdb'), encoding: 'json' });
});
afterEach(async () => {
  jest.useRealTimers();
  await store.close();
  await raw.close();
});

describe('a disk that is full', () => {
  it('when nothing can be written any more › writes fail, what is there can be read, and the process lives', () => {
    const program = join(import.meta.dirname, '../support/full-disk.ts');
    // No file may grow beyond 400 KB, and the signal that says so is ignored: writes fail with EFBIG.
    const run = `trap '' XFSZ; ulimit -f 400; exec "$0" --import tsx "$1" "$2"`;

    const told = execFileSync('bash', ['-c', run, process.execPath, program, newDataDir()], {
      encoding: 'utf8',
    });

    expect(told).toBe('3 writes refused, 4000 characters read\n');
  });
});

describe('the file of the embedded store', () => {
  it('when it is opened again while it is written to › neither waits for the other', () => {
    const program = join(import.meta.dirname, '../support/open-twice.ts');

    const told = execFileSync(process.execPath, ['--import', 'tsx', program, newDataDir()], {
      encoding: 'utf8',
      timeout: 45_000,
    });

    expect(told).toBe('200 opened\n');
  });

  it('when one of two that have it open is closed › the other goes on', async () => {
    const key = aKey();
    const another = openEmbeddedStore(dataDir, clock.now);
    await another.close();
    await another.close();

    await store.set(key, 'x', HOUR);

    expect(await store.get(key)).toBe('x');
  });
});

describe('the folder of the embedded store', () => {
  it('when it is made › only we can enter it', () => {
    expect(statSync(dataDir).mode & 0o777).toBe(0o700);
  });
});

describe('the sweep of the embedded store', () => {
  it('when ten minutes have passed › what has expired is gone from the file, and the rest is there', async () => {
    const [expired, alive, prolonged] = [aKey('expired'), aKey('alive'), aKey('prolonged')];
    await store.set(expired, 'x', MINUTE);
    await store.set(alive, 'x', HOUR);
    await store.set(prolonged, 'x', MINUTE);
    await store.prolong(prolonged, HOUR);
    clock.advance(2 * MINUTE);

    jest.advanceTimersByTime(10 * MINUTE);

    await until(() => raw.get(expired) === undefined);
    expect(await store.get(alive)).toBe('x');
    expect(await store.get(prolonged)).toBe('x');
  });

  it('when the file holds something that is not ours › goes on', async () => {
    const expired = aKey('z');
    await raw.put(aKey('a'), null);
    await store.set(expired, 'x', MINUTE);
    clock.advance(2 * MINUTE);

    jest.advanceTimersByTime(10 * MINUTE);

    await until(() => raw.get(expired) === undefined);
    expect(raw.get(expired)).toBe(undefined);
  });
});

/** Waits for what the sweep does in the background, for a second at most. */
async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; tries < 100 && !condition(); tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  expect(condition()).toBe(true);
}

function everythingBut(...names: string[]) {
  const fakeable = [
    'Date',
    'clearImmediate',
    'clearInterval',
    'clearTimeout',
    'hrtime',
    'nextTick',
    'performance',
    'queueMicrotask',
    'setImmediate',
    'setInterval',
    'setTimeout',
  ] as const;
  return fakeable.filter((name) => !names.includes(name));
}
