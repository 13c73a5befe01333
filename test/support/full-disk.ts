import { writeSync } from 'node:fs';
import { openEmbeddedStore } from '../../src/store/embedded-store.ts';

/** Fills the embedded store in the folder it is given, where no file may grow any more; for embedded-store.test.ts. */
const store = openEmbeddedStore(process.argv[2] ?? '');
let failures = 0;
for (let n = 0; failures < 3 && n < 5_000; n += 1) {
  await store.set(`key ${n}`, 'x'.repeat(4_000), 3600_000).catch(({ code }: { code: string }) => {
    if (code === 'store_unavailable') failures += 1;
  });
}
// What nobody waits for would end the process by now.
await new Promise((resolve) => setTimeout(resolve, 200));
writeSync(1, `${failures} writes refused, ${(await store.get('key 0'))?.length} characters read\n`);
process.exit(0);
