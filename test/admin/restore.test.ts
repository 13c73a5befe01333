import { createHash } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type BackupRecord, formatEnd, formatHeader, formatRecord } from '../../src/admin/backup-format.ts';
import { createCipher } from '../../src/vault/cipher.ts';
import { tokenKey } from '../../src/vault/token-record.ts';
import { createTokenVault, type TokenVault } from '../../src/vault/token-vault.ts';
import type { BrowserAgent } from '../support/browser-agent.ts';
import { DAY } from '../support/clock.ts';
import { newDataDir, STORE_KINDS, TEST_SECRETS, type TestApp } from '../support/start-app.ts';
import { anOwner, newTokens, tokensOf } from '../support/token-builders.ts';
import {
  admin,
  contentOf,
  openPlace,
  type Place,
  placesOf,
  saveView,
  startAppAt,
  statusOf,
} from './support.ts';

const SERVER = 'https://oauth.bitrix.info';

describe.each(STORE_KINDS)('restoring a copy, on the %s store', (kind) => {
  const [places, otherPlaces] = [placesOf(kind), placesOf(kind)];
  let place: Place;
  let app: TestApp;
  let agent: BrowserAgent;
  let file: string;
  beforeEach(async () => {
    place = await places.fresh();
    app = await startAppAt(place);
    agent = app.agent();
    await app.signIn(agent);
    await saveView(app, agent, 'Mine');
    file = join(newDataDir(), 'monday.backup');
  });
  afterEach(() => app.stop());
  afterAll(async () => {
    await places.stop();
    await otherPlaces.stop();
  });

  /** A vault on the application's store. */
  const vaultOf = (): TokenVault =>
    createTokenVault({ store: app.store, cipher: createCipher(TEST_SECRETS.tokenKeys) });
  const viewsOf = async (at: Place) =>
    (await contentOf(at)).flatMap(([key, value]) =>
      key.startsWith('b24:preferences:')
        ? JSON.parse(value ?? '').views.map((view: { name: string }) => view.name)
        : [],
    );

  /** A file with a right checksum, of records of one kind that no application need have written. */
  function forge(...records: BackupRecord[]): void {
    const header = formatHeader({
      format: 'bitrix24-companies backup',
      version: 1,
      at: '2026-01-01T00:00:00.000Z',
      by: '0.0.0',
      records: records.length,
      kinds: { [records[0]?.key.split(':')[1] ?? '']: records.length },
    });
    const lines = records.map(formatRecord).join('');
    const sha256 = createHash('sha256').update(lines).update(header).digest('hex');
    writeFileSync(file, `${header}${lines}${formatEnd(sha256)}`);
  }

  it('in another, empty place › brings tokens and saved views, and no sign-in', async () => {
    await admin(place, 'backup', file);
    const other = await otherPlaces.fresh();

    const ran = await admin(other, 'restore', file);

    const kept = (await contentOf(place)).filter(([key]) => /^b24:(tokens|preferences):/.test(key));
    expect(ran.code).toBe(0);
    expect(ran.text).toMatch(/^2 records \(preferences: 1, tokens: 1\) of the copy of 20.+ restored; 0 left/);
    expect(await contentOf(other)).toEqual(kept);
  });

  it('gives each record the lifetime that it had left', async () => {
    await app.store.set('b24:novelties:{portal}:client:1', 'new', 3 * DAY);
    await admin(place, 'backup', file);
    const other = await otherPlaces.fresh();

    await admin(other, 'restore', file);

    const store = await openPlace(other);
    const leftMs = (await store.leftMs('b24:novelties:{portal}:client:1')) ?? 0;
    await store.close();
    expect(leftMs).toBeGreaterThan(2.9 * DAY);
    expect(leftMs).toBeLessThanOrEqual(3 * DAY);
  });

  it('ends every session: of before the copy and of after it, while the application runs', async () => {
    await admin(place, 'backup', file);
    const later = app.agent();
    await app.signIn(later, 'manager');

    const ran = await admin(place, 'restore', file, '--replace');

    expect(ran.text).toContain('signed out: people: 2, browsers: 2; sessions removed: 2');
    expect([await statusOf(app, agent), await statusOf(app, later)]).toEqual([401, 401]);
  });

  it('lets people in again through the portal, to the views they had saved', async () => {
    await admin(place, 'backup', file);
    await admin(place, 'forget', '--portal', app.emulator.portals[0]?.origin ?? '');
    await admin(place, 'restore', file);

    await app.signIn(agent);

    expect(await statusOf(app, agent)).toBe(200);
    expect((await agent.visit(`${app.origin}/companies`)).text).toContain('Mine');
  });

  it('when the store is not empty › is refused, and changes nothing', async () => {
    await admin(place, 'backup', file);
    const before = await contentOf(place);

    const ran = await admin(place, 'restore', file);

    expect(ran).toEqual({ code: 1, text: expect.stringContaining('add --replace') });
    expect(await contentOf(place)).toEqual(before);
    expect(await statusOf(app, agent)).toBe(200);
  });

  it('with --replace › overwrites saved views, and leaves what only the store has', async () => {
    await admin(place, 'backup', file);
    await saveView(app, agent, 'Later');
    const newcomer = app.agent();
    await app.signIn(newcomer, 'manager');
    await saveView(app, newcomer, 'Of a newcomer');

    await admin(place, 'restore', file, '--replace');

    expect((await viewsOf(place)).sort()).toEqual(['Mine', 'Of a newcomer']);
  });

  it('with --replace › never puts a token in the place of a newer one of the same sign-in', async () => {
    const [vault, owner] = [vaultOf(), anOwner()];
    await vault.save(owner, tokensOf(1), SERVER);
    await admin(place, 'backup', file);
    const position = await vault.position(owner);
    if (position) await vault.commit(owner, position, 'an attempt', tokensOf(2));

    const ran = await admin(place, 'restore', file, '--replace');

    expect(await vault.load(owner)).toMatchObject({ generation: 2, refreshToken: 'refresh 2' });
    expect(ran.text).toContain('2 left as the store has them');
  });

  it('with --replace › never puts a token in the place of that of a later sign-in', async () => {
    const [vault, owner] = [vaultOf(), anOwner()];
    await vault.save(owner, tokensOf(5), SERVER);
    await admin(place, 'backup', file);
    app.clock.advance(1);
    await vault.save(owner, tokensOf(6), SERVER);

    await admin(place, 'restore', file, '--replace');

    expect(await vault.load(owner)).toMatchObject({ refreshToken: 'refresh 6' });
  });

  it('with --replace › puts newer tokens in the place of those of a store that went back in time', async () => {
    const [vault, owner] = [vaultOf(), anOwner()];
    await vault.save(owner, tokensOf(1), SERVER);
    const before = (await app.store.get(tokenKey(owner))) ?? '';
    const position = await vault.position(owner);
    if (position) await vault.commit(owner, position, 'an attempt', tokensOf(2));
    await admin(place, 'backup', file);
    await app.store.set(tokenKey(owner), before, DAY);

    await admin(place, 'restore', file, '--replace');

    expect(await vault.load(owner)).toMatchObject({ generation: 2, refreshToken: 'refresh 2' });
  });

  it('with --replace › puts tokens in the place of a record that cannot be read', async () => {
    const [vault, owner] = [vaultOf(), anOwner()];
    await vault.save(owner, newTokens(), SERVER);
    await admin(place, 'backup', file);
    await app.store.set(tokenKey(owner), 'damaged', DAY);

    await admin(place, 'restore', file, '--replace');

    expect(await vault.load(owner)).toMatchObject({ refreshToken: 'refresh 1' });
  });

  it('as a dry run › counts the same, and changes nothing: everybody stays signed in', async () => {
    await admin(place, 'backup', file);
    await saveView(app, agent, 'Later');
    const before = await contentOf(place);

    const dry = await admin(place, 'restore', file, '--replace', '--dry-run');

    const after = await contentOf(place);
    const status = await statusOf(app, agent);
    const real = await admin(place, 'restore', file, '--replace');
    const plain = (text: string) => text.replaceAll(/Dry run, nothing was changed: |would be /g, '');
    expect(dry.code).toBe(0);
    expect(plain(dry.text)).toBe(real.text);
    expect(after).toEqual(before);
    expect(status).toBe(200);
  });

  it('gives a record that had no lifetime the longest that a record has', async () => {
    forge({ key: 'b24:novelties:1', expiresAt: null, value: 'for ever' });
    const other = await otherPlaces.fresh();

    await admin(other, 'restore', file);

    const store = await openPlace(other);
    const leftMs = (await store.leftMs('b24:novelties:1')) ?? 0;
    await store.close();
    expect(Math.round(leftMs / DAY)).toBe(5 * 365);
  });

  it('writes a record once that the copy holds twice', async () => {
    const [vault, owner] = [vaultOf(), anOwner()];
    await vault.save(owner, tokensOf(1), SERVER);
    const value = (await app.store.get(tokenKey(owner))) ?? '';
    const record = { key: tokenKey(owner), expiresAt: Date.now() + DAY, value };
    forge(record, record);

    const ran = await admin(await otherPlaces.fresh(), 'restore', file);

    expect(ran.text).toMatch(/^1 records \(tokens: 1\) .+ restored; 1 left/);
  });

  it('leaves out what has lapsed since', async () => {
    forge({ key: 'b24:novelties:1', expiresAt: Date.now() - 1, value: 'old' });

    const ran = await admin(await otherPlaces.fresh(), 'restore', file, '--dry-run');

    expect(ran).toEqual({ code: 0, text: expect.stringMatching(/^Dry run.+ 0 records .+; 1 too old/) });
  });

  it('refuses a file that would bring a session, even if its checksum is right', async () => {
    forge({ key: 'b24:session:forged', expiresAt: Date.now() + DAY, value: '{}' });

    const ran = await admin(place, 'restore', file, '--replace');

    expect(ran).toEqual({ code: 1, text: expect.stringContaining('altered or damaged') });
    expect(await app.store.get('b24:session:forged')).toBeNull();
  });
});

describe('restoring a copy into DATA_DIR', () => {
  let app: TestApp;
  let file: string;
  beforeEach(async () => {
    const place = { dataDir: newDataDir() };
    app = await startAppAt(place);
    await app.signIn(app.agent());
    file = join(newDataDir(), 'monday.backup');
    await admin(place, 'backup', file);
  });
  afterEach(() => app.stop());

  it('that is not there › makes neither folder nor store: it may be mistyped', async () => {
    const dataDir = join(newDataDir(), 'mistyped');

    const ran = await admin({ dataDir }, 'restore', file);

    expect(ran).toEqual({ code: 1, text: expect.stringContaining('There is no folder') });
    expect(existsSync(dataDir)).toBe(false);
  });

  it.each([
    ['a dry run', (copy: string) => [copy, '--dry-run']],
    ['a copy that is no copy', (copy: string) => [`${copy}.old`]],
  ])('that is empty › %s makes no store', async (_what, argumentsOf) => {
    const dataDir = newDataDir();

    await admin({ dataDir }, 'restore', ...argumentsOf(file));

    expect(existsSync(join(dataDir, 'store.mdb'))).toBe(false);
  });
});
