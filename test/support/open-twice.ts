import { openEmbeddedStore } from '../../src/store/embedded-store.ts';

/** Opens the store of a folder again and again while it is written to; a process of its own, because it could stand still. */
const dataDir = process.argv[2] ?? '';
const store = openEmbeddedStore(dataDir);
let opened = 0;
for (let round = 0; round < 200; round += 1) {
  const writing = store.set(`b24:round:${round}`, 'x', 60_000);
  // The thread that writes has begun by then, and waits for this one.
  await new Promise((resolve) => setTimeout(resolve, round % 3));
  const another = openEmbeddedStore(dataDir);
  if ((await another.get('b24:none')) === null) opened += 1;
  await writing;
  await another.close();
}
await store.close();
process.stdout.write(`${opened} opened\n`);
