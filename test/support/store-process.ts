import { writeSync } from 'node:fs';
import { openEmbeddedStore } from '../../src/store/embedded-store.ts';
import { update } from '../../src/store/store.ts';

/**
 * A second process on the file of an embedded store, for test/contract/store.test.ts.
 *
 * `set key value` · `get key` · `increment key times` · `keep-writing prefix`: tells what it did on standard output, and
 * tells of a write only after the store has acknowledged it.
 */
const [dataDir = '', command, key = '', value = ''] = process.argv.slice(2);
const store = openEmbeddedStore(dataDir);
const HOUR_MS = 3600_000;

if (command === 'set') {
  await store.set(key, value, HOUR_MS);
} else if (command === 'get') {
  tell(String(await store.get(key)));
} else if (command === 'increment') {
  for (let left = Number(value); left > 0; left -= 1) {
    await update(store, key, HOUR_MS, (current) => ({
      write: String(Number(current ?? 0) + 1),
      result: undefined,
    }));
  }
} else if (command === 'keep-writing') {
  for (let n = 1; ; n += 1) {
    await store.set(`${key}:${n}`, `value ${n}`, HOUR_MS);
    tell(String(n));
  }
}
await store.close();

/** Written at once, so that a kill cannot take back what was told. */
function tell(line: string): void {
  writeSync(1, `${line}\n`);
}
