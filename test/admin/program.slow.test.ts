import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openEmbeddedStore } from '../../src/store/embedded-store.ts';
import { createCipher } from '../../src/vault/cipher.ts';
import { createTokenVault } from '../../src/vault/token-vault.ts';
import { spawnProgram } from '../support/server-process.ts';
import { killWhileWriting } from '../support/spawn-store.ts';
import { newDataDir, STORE_KINDS, type TestApp } from '../support/start-app.ts';
import { anOwner, newTokens } from '../support/token-builders.ts';
import { openPlace, type Place, placesOf, settingsOf, spawnAdmin, startAppAt, statusOf } from './support.ts';

describe.each(STORE_KINDS)('npm run admin, on the %s store', (kind) => {
  const [places, otherPlaces] = [placesOf(kind), placesOf(kind)];
  let place: Place;
  let app: TestApp;
  beforeEach(async () => {
    place = await places.fresh();
    app = await startAppAt(place);
  });
  afterEach(() => app.stop());
  afterAll(async () => {
    await places.stop();
    await otherPlaces.stop();
  });

  it('a night and a morning after: copied beside the server, restored elsewhere, the old session has ended', async () => {
    const file = join(newDataDir(), 'monday.backup');
    const agent = app.agent();
    await app.signIn(agent);
    const [settings, other] = [settingsOf(place), await otherPlaces.fresh()];

    const first = await spawnAdmin(settings, 'backup', file);
    const second = await spawnAdmin(settings, 'backup', file);
    const restored = await spawnAdmin(settingsOf(other), 'restore', file);
    const replaced = await spawnAdmin(settings, 'restore', file, '--replace');

    const store = await openPlace(other);
    const keys: string[] = [];
    for await (const key of store.keys('b24:tokens:')) keys.push(key);
    await store.close();
    expect([first.code, second.code, restored.code, replaced.code]).toEqual([0, 1, 0, 0]);
    expect((statSync(file).mode & 0o777).toString(8)).toBe('600');
    expect(keys).toHaveLength(1);
    expect(await statusOf(app, agent)).toBe(401);
  });
});

describe('npm run admin', () => {
  it('with wrong arguments › shows how to use it, and ends with 2', async () => {
    const ran = await spawnAdmin({}, 'sign-out');

    expect(ran).toEqual({ code: 2, text: expect.stringContaining('Usage: npm run admin -- <command>') });
  });

  it('at a mistyped DATA_DIR › one sentence, ends with 1, and makes nothing', async () => {
    const dataDir = join(newDataDir(), 'mistyped');

    const ran = await spawnAdmin({ DATA_DIR: dataDir }, 'sessions');

    expect(ran.code).toBe(1);
    expect(ran.text).toMatch(/^There is no store in DATA_DIR .+\n$/);
    expect(existsSync(dataDir)).toBe(false);
  });

  it('with a REDIS_URL that cannot be used › names it, and shows no password', async () => {
    const ran = await spawnAdmin({ REDIS_URL: 'redis://:se@cret@a,b' }, 'sessions');

    expect(ran.code).toBe(1);
    expect(ran.text).toContain('REDIS_URL');
    expect(ran.text).not.toContain('cret');
  });

  it('copies a store whose other process was killed with -9, all that it had acknowledged', async () => {
    const dataDir = newDataDir();
    const written = await killWhileWriting(dataDir, 'b24:novelties', 300);
    const file = join(dataDir, 'monday.backup');

    const ran = await spawnAdmin({ DATA_DIR: dataDir }, 'backup', file);

    const [, records = '0'] = /^(\d+) records/.exec(ran.text) ?? [];
    expect(Number(records)).toBeGreaterThanOrEqual(written);
    expect(ran.code).toBe(0);
  });
});

describe('npm run rekey', () => {
  const [OLD_KEY, NEW_KEY] = [
    Buffer.alloc(32, 'an old key of tests'),
    Buffer.alloc(32, 'a new key of tests'),
  ];
  const settings = {
    BITRIX24_CLIENT_ID: 'local.00000000000000.00000000',
    BITRIX24_CLIENT_SECRET: 'a client secret that only tests know',
    BITRIX24_PORTALS: 'acme.bitrix24.com',
    TOKEN_KEYS: [NEW_KEY, OLD_KEY].map((key) => key.toString('base64')).join(','),
    SESSION_SECRETS: 'a session secret that only tests know',
  };

  it('is the command rekey under its old name: afterwards the new key alone opens every record', async () => {
    const [dataDir, owner] = [newDataDir(), anOwner()];
    const before = openEmbeddedStore(dataDir);
    const vault = createTokenVault({ store: before, cipher: createCipher([OLD_KEY]) });
    await vault.save(owner, newTokens(), 'https://oauth.bitrix.info');
    await before.close();

    const program = spawnProgram('rekey', { ...settings, DATA_DIR: dataDir });
    const code = await program.ended;

    const store = openEmbeddedStore(dataDir);
    const grant = await createTokenVault({ store, cipher: createCipher([NEW_KEY]) }).load(owner);
    await store.close();
    expect(code).toBe(0);
    expect(program.output()).toBe(
      '1 token records: 1 sealed with the newest key, 0 were already, 0 could not be opened\n',
    );
    expect(grant).toMatchObject({ refreshToken: 'refresh 1' });
  });

  it('at a mistyped DATA_DIR › fails, and makes neither store nor secrets', async () => {
    const dataDir = join(newDataDir(), 'mistyped');
    const { TOKEN_KEYS: _toBeGenerated, ...others } = settings;

    const program = spawnProgram('rekey', { ...others, DATA_DIR: dataDir });
    const code = await program.ended;

    expect(code).toBe(1);
    expect(program.output()).toMatch(/^There is no store in DATA_DIR .+\n$/);
    expect(existsSync(dataDir)).toBe(false);
  });
});
