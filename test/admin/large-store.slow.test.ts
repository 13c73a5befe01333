import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openEmbeddedStore } from '../../src/store/embedded-store.ts';
import { HOUR } from '../support/clock.ts';
import { newDataDir } from '../support/start-app.ts';
import { openPlace, type Place, settingsOf, spawnAdmin } from './support.ts';

/** Three times what the programs of this test may have on their heap. */
const RECORDS = 3_000;
const VALUE = 'x'.repeat(100_000);
const HEAP = '--max-old-space-size=100';

const PROGRAM = join(import.meta.dirname, '../../src/admin.ts');

describe('a store that is larger than the memory of the program', () => {
  let place: Place;
  let other: Place;
  let file: string;
  beforeAll(async () => {
    place = { dataDir: newDataDir() };
    other = { dataDir: newDataDir() };
    file = join(place.dataDir, 'large.backup');
    const store = openEmbeddedStore(place.dataDir);
    const keys = Array.from({ length: RECORDS }, (_, n) => `b24:novelties:${n}`);
    await Promise.all(keys.map((key) => store.set(key, VALUE, HOUR)));
    await store.close();
  });

  // The scan for secrets reads all that tests leave behind.
  afterAll(() => {
    for (const { dataDir } of [place, other]) rmSync(dataDir, { recursive: true, force: true });
  });

  const smallHeap = () => ({ ...settingsOf(place), NODE_OPTIONS: HEAP });

  it('is copied, verified and restored in little memory', async () => {
    const copied = await spawnAdmin(smallHeap(), 'backup', file);
    const verified = await spawnAdmin(smallHeap(), 'verify', file);
    const restored = await spawnAdmin({ ...smallHeap(), DATA_DIR: other.dataDir }, 'restore', file);

    const store = await openPlace(other);
    const last = await store.get(`b24:novelties:${RECORDS - 1}`);
    await store.close();
    expect([copied.code, verified.code, restored.code]).toEqual([0, 0, 0]);
    expect(statSync(file).size).toBeGreaterThan(RECORDS * VALUE.length);
    expect(restored.text).toContain(`${RECORDS} records (novelties: ${RECORDS})`);
    expect(last).toBe(VALUE);
  });

  it('when the program is killed with -9 while it copies › leaves a file that is known to be cut short', async () => {
    const killed = join(place.dataDir, 'killed.backup');
    const child = spawn(process.execPath, ['--import', 'tsx', PROGRAM, 'backup', killed], {
      env: { PATH: process.env.PATH ?? '', ...settingsOf(place) },
      stdio: 'ignore',
    });
    const ended = once(child, 'close');
    while (!existsSync(killed) || statSync(killed).size < 1_000_000) {
      if (child.exitCode !== null) throw new Error('it has ended before it was killed');
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    child.kill('SIGKILL');
    await ended;

    const verified = await spawnAdmin({}, 'verify', killed);

    expect(verified).toEqual({ code: 1, text: expect.stringContaining('is cut short') });
    expect((statSync(killed).mode & 0o777).toString(8)).toBe('600');
  });
});
