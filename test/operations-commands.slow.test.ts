import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createSignIns } from '../src/auth/sign-ins.ts';
import { createPreferences } from '../src/companies/preferences.ts';
import { openStoreToFill } from '../src/store/existing-store.ts';
import { createCipher } from '../src/vault/cipher.ts';
import { createTokenVault } from '../src/vault/token-vault.ts';
import { addressOf, admin, type Place, placesOf, settingsOf } from './admin/support.ts';
import { newDataDir, STORE_KINDS, type StoreKind, TEST_SECRETS } from './support/start-app.ts';
import { anOwner, newTokens } from './support/token-builders.ts';

const ROOT = join(import.meta.dirname, '..');
/** Every block of commands of docs/operations.md that is about the store. */
const BLOCKS = [...readFileSync(join(ROOT, 'docs/operations.md'), 'utf8').matchAll(/```sh\n([^`]+)```/g)]
  .map(([, block = '']) => block)
  .filter((block) => /npm run admin|redis-cli/.test(block));

/** What stands in the page for things that operators have: the copy of a day, the number of user 7 of that portal. */
const COPY = 'backups/2026-12-01.backup';
const PORTAL = 'acme.bitrix24.com';

describe('the blocks of docs/operations.md about the store', () => {
  it('are all found', () => {
    expect(BLOCKS.length).toBeGreaterThanOrEqual(8);
  });
});

describe.each(STORE_KINDS)('docs/operations.md, on the %s store', (kind) => {
  const places = placesOf(kind);
  let place: Place;
  let folder: string;
  beforeAll(async () => {
    folder = newDataDir();
    mkdirSync(join(folder, 'backups'));
  });
  afterAll(() => places.stop());
  beforeEach(async () => {
    place = await places.fresh();
    await fill(place);
  });

  it.each(BLOCKS.filter((block) => isFor(kind, block)))('runs: %s', async (block) => {
    if (block.includes(COPY)) {
      await admin(place, 'backup', join(folder, COPY));
      // Restoring without --replace is for an empty store.
      if (!block.includes('--replace')) await admin(place, 'forget', '--portal', PORTAL);
    }

    const ran = await runBlock(block, place, folder);

    expect(ran).toMatchObject({ code: 0 });
  });
});

function isFor(kind: StoreKind, block: string): boolean {
  return kind === 'redis' || !block.includes('redis-cli');
}

async function fill(place: Place): Promise<void> {
  const store = await openStoreToFill(addressOf(place));
  const owner = anOwner({ userId: 7 });
  const vault = createTokenVault({ store, cipher: createCipher(TEST_SECRETS.tokenKeys) });
  await vault.save(
    owner,
    newTokens({ clientEndpoint: `https://${PORTAL}/rest/` }),
    'https://oauth.bitrix.info',
  );
  await createPreferences(store).saveView(owner, { name: 'Mine', search: '' });
  const user = { ...owner, id: 'a sign-in', name: null, timeZone: null, portal: `https://${PORTAL}` };
  await createSignIns({ store, now: Date.now }).add(
    { ...user, since: new Date().toISOString() },
    { name: 'a browser', agent: '' },
  );
  await store.close();
}

/** As an operator would paste it, but for the build that `npm run admin` begins with, and the port of this test's Redis. */
function runBlock(
  block: string,
  place: Place,
  folder: string,
): Promise<{ code: number | null; text: string }> {
  const bin = join(newDataDir(), 'bin');
  mkdirSync(bin);
  const program = `exec ${process.execPath} --import ${import.meta.resolve('tsx')} ${join(ROOT, 'src/admin.ts')} "$@"`;
  writeProgram(join(bin, 'npm'), `[ "$1 $2 $3" = "run admin --" ] || exit 9\nshift 3\n${program}`);
  const port = new URL(place.redisUrl ?? 'redis://none:0').port;
  writeProgram(join(bin, 'redis-cli'), `exec /usr/bin/redis-cli -p ${port} "$@"`);
  return new Promise((resolve) => {
    execFile(
      'bash',
      ['-euo', 'pipefail', '-c', block],
      { cwd: folder, env: { PATH: `${bin}:${process.env.PATH}`, ...settingsOf(place) } },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : ((error.code as unknown as number) ?? null);
        resolve({ code, text: stdout + stderr });
      },
    );
  });
}

function writeProgram(file: string, text: string): void {
  writeFileSync(file, `#!/bin/sh\n${text}\n`);
  chmodSync(file, 0o755);
}
