import { existsSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createCipher } from '../../src/vault/cipher.ts';
import { createTokenVault } from '../../src/vault/token-vault.ts';
import type { BrowserAgent } from '../support/browser-agent.ts';
import { HOUR } from '../support/clock.ts';
import { newDataDir, STORE_KINDS, TEST_SECRETS, type TestApp } from '../support/start-app.ts';
import { anOwner, newTokens } from '../support/token-builders.ts';
import { admin, contentOf, openPlace, type Place, placesOf, saveView, startAppAt } from './support.ts';

describe.each(STORE_KINDS)('a copy of the %s store', (kind) => {
  const places = placesOf(kind);
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
  afterAll(() => places.stop());

  const lines = () => readFileSync(file, 'utf8').split('\n');

  it('is made while the application runs, and holds tokens and saved views as they are in the store', async () => {
    const ran = await admin(place, 'backup', file);

    const [header = '', ...rest] = lines();
    const records = rest.filter((line) => line.startsWith('[')).map((line) => JSON.parse(line));
    expect(ran).toEqual({ code: 0, text: `2 records (preferences: 1, tokens: 1) copied to ${file}` });
    expect(JSON.parse(header)).toMatchObject({ version: 1, by: '0.0.0', records: 2 });
    for (const [key, expiresAt, value] of records) {
      expect(await app.store.get(key)).toBe(value);
      expect(expiresAt).toBeGreaterThan(Date.now() + 100 * 24 * HOUR);
    }
  });

  it('is readable for its owner only', async () => {
    await admin(place, 'backup', file);

    expect((statSync(file).mode & 0o777).toString(8)).toBe('600');
  });

  it('holds no sign-in, and no token that can be read', async () => {
    await admin(place, 'backup', file);

    expect(readFileSync(file, 'utf8')).not.toMatch(/SECRET|b24:session|b24:browsers/);
  });

  it('is never written over another one, nor over anything else', async () => {
    await admin(place, 'backup', file);
    const before = readFileSync(file);

    const again = await admin(place, 'backup', file);
    const dryAgain = await admin(place, 'backup', file, '--dry-run');

    expect(again).toEqual({ code: 1, text: expect.stringContaining('is not overwritten') });
    expect(dryAgain).toEqual({ code: 1, text: expect.stringContaining('is not overwritten') });
    expect(readFileSync(file)).toEqual(before);
  });

  it('as a dry run › is counted, and no file is made', async () => {
    const ran = await admin(place, 'backup', file, '--dry-run');

    expect(ran).toEqual({ code: 0, text: expect.stringContaining('2 records (preferences: 1, tokens: 1)') });
    expect(existsSync(file)).toBe(false);
  });

  it('in a folder that does not exist › is not made, nor is the folder', async () => {
    const folder = join(newDataDir(), 'mistyped');

    const ran = await admin(place, 'backup', join(folder, 'monday.backup'));

    expect(ran).toEqual({ code: 1, text: expect.stringContaining('cannot be found') });
    expect(existsSync(folder)).toBe(false);
  });

  it('of a store with nothing in it › is not made: the address may be mistyped', async () => {
    await admin(place, 'forget', '--portal', app.emulator.portals[0]?.origin ?? '');

    const ran = await admin(place, 'backup', file);

    expect(ran).toEqual({ code: 1, text: expect.stringContaining('REDIS_URL and DATA_DIR') });
    expect(existsSync(file)).toBe(false);
  });

  it('changes nothing in the store', async () => {
    const before = await contentOf(place);

    await admin(place, 'backup', file);

    expect(await contentOf(place)).toEqual(before);
  });

  it('while people write › has every record whole: each as it was at some moment, those of before all there', async () => {
    const vault = createTokenVault({ store: app.store, cipher: createCipher(TEST_SECRETS.tokenKeys) });
    const owners = Array.from({ length: 400 }, (_, n) => ({ ...anOwner(), userId: n + 1 }));
    const server = 'https://oauth.bitrix.info';
    await Promise.all(owners.map((owner) => vault.save(owner, newTokens(), server)));
    let isOver = false;
    const writing = (async () => {
      for (let n = 0; !isOver; n += 1) {
        const owner = owners[n % owners.length] ?? anOwner();
        const position = await vault.position(owner);
        if (position) await vault.commit(owner, position, `attempt ${n}`, newTokens());
        await vault.save({ ...anOwner(), userId: n + 1 }, newTokens(), server);
      }
    })();

    const copied = await admin(place, 'backup', file);
    isOver = true;
    await writing;

    const verified = await admin(place, 'verify', file);
    const records = lines().flatMap((line) => (line.startsWith('[') ? [JSON.parse(line)] : []));
    const keys = new Set(records.map(([key]) => key));
    expect([copied.code, verified.code]).toEqual([0, 0]);
    expect(
      owners.filter((owner) => !keys.has(`b24:tokens:{${owner.memberId}}:${owner.clientId}:${owner.userId}`)),
    ).toEqual([]);
  });

  describe('that is looked at again', () => {
    beforeEach(() => admin(place, 'backup', file));

    it('when it is whole › says what is in it', async () => {
      const ran = await admin(place, 'verify', file);

      expect(ran).toEqual({
        code: 0,
        text: expect.stringMatching(
          /is whole: 2 records \(preferences: 1, tokens: 1\), copied 20.+ by version 0\.0\.0/,
        ),
      });
    });

    it.each([0, 1, 100, 4096, 4097, 5000, -1, -2, -50])(
      'when it is cut at byte %i › is refused, by restore as well, which changes nothing',
      async (at) => {
        truncateSync(file, at < 0 ? statSync(file).size + at : at);
        const before = await contentOf(place);

        const verified = await admin(place, 'verify', file);
        const restored = await admin(place, 'restore', file, '--replace');

        expect(verified).toEqual({ code: 1, text: expect.stringMatching(/cut short|not a backup/) });
        expect(restored).toEqual(verified);
        expect(await contentOf(place)).toEqual(before);
      },
    );

    it.each<[string, (text: string) => string]>([
      ['a letter of a value', (text) => text.replace('"Mine', '"Mina').replace('Mine', 'Mina')],
      ['the time in the header', (text) => text.replace('"at":"20', '"at":"19')],
      ['the count in the header', (text) => text.replace('"records":2', '"records":3')],
      ['a line that is missing', (text) => text.split('\n').toSpliced(1, 1).join('\n')],
      ['a line that is there twice', (text) => text.replace(/^(\[.*\n)/m, '$1$1')],
      ['a line behind the end', (text) => `${text}[]\n`],
      ['a session that was put in', (text) => text.replace('"b24:preferences:', '"b24:session:')],
      ['blanks for a header', (text) => `${' '.repeat(4095)}${text.slice(4095)}`],
      ['another kind of file', () => 'hello\n'],
      ['a newer format', (text) => text.replace('"version":1', '"version":2')],
    ])('when somebody has changed it: %s › is refused, by restore as well', async (_what, change) => {
      writeFileSync(file, change(readFileSync(file, 'utf8')));

      const verified = await admin(place, 'verify', file);
      const restored = await admin(place, 'restore', file, '--replace');

      expect(verified).toEqual({
        code: 1,
        text: expect.stringMatching(/altered or damaged|cut short|not a backup|has format 2/),
      });
      expect(restored).toEqual(verified);
    });

    it('when it is not there › says so', async () => {
      const ran = await admin(place, 'verify', `${file}.old`);

      expect(ran).toEqual({ code: 1, text: expect.stringContaining('cannot be found') });
    });
  });

  it('holds every kind of record that cannot be had again, and a new kind by itself', async () => {
    const store = await openPlace(place);
    await store.set('b24:novelties:{portal}:client:1', 'new', HOUR);
    await store.close();

    const ran = await admin(place, 'backup', file, '--dry-run');

    expect(ran.text).toContain('3 records (novelties: 1, preferences: 1, tokens: 1)');
  });
});

describe('a store that cannot be opened', () => {
  it.each([
    ['is something else', 'garbage'.repeat(10_000)],
    ['is a few bytes', 'garbage'],
    ['is empty', ''],
  ])('because store.mdb %s › is an error with a remedy, and is left as it is', async (_why, content) => {
    const dataDir = newDataDir();
    const database = join(dataDir, 'store.mdb');
    writeFileSync(database, content);

    const ran = await admin({ dataDir }, 'sessions');

    expect(ran).toEqual({ code: 1, text: expect.stringContaining('is damaged, or no store') });
    expect(readFileSync(database, 'utf8')).toBe(content);
  });
});

describe('a name that is no file', () => {
  it.each([
    ['a folder', newDataDir],
    ['something below a file', () => join(import.meta.filename, 'monday.backup')],
  ])('such as %s › is an error that names it', async (_what, nameOf) => {
    const name = nameOf();

    const ran = await admin({ dataDir: newDataDir() }, 'verify', name);

    expect(ran).toEqual({ code: 1, text: expect.stringContaining(`${name} `) });
  });
});

describe('a store that does not exist', () => {
  it.each([
    [['backup', 'nowhere.backup']],
    [['sessions']],
    [['sign-out', '--all']],
    [['forget', '--portal', 'acme.bitrix24.com']],
    [['rekey']],
  ])('is not made by %j', async (argv) => {
    const dataDir = join(newDataDir(), 'mistyped');

    const ran = await admin({ dataDir }, ...argv);

    expect(ran).toEqual({ code: 1, text: expect.stringContaining('There is no store in DATA_DIR') });
    expect(existsSync(dataDir)).toBe(false);
    expect(existsSync('nowhere.backup')).toBe(false);
  });

  it('is not made in a folder that exists, either', async () => {
    const dataDir = newDataDir();

    const ran = await admin({ dataDir }, 'sessions');

    expect(ran.code).toBe(1);
    expect(existsSync(join(dataDir, 'store.mdb'))).toBe(false);
  });

  it('when it is a Redis that is away › says who tells why', async () => {
    const ran = await admin({ dataDir: newDataDir(), redisUrl: 'redis://:secret@127.0.0.1:1' }, 'sessions');

    expect(ran).toEqual({
      code: 1,
      text: 'Redis at redis://127.0.0.1:1 cannot be used: npm run doctor says why (in a container: node dist/doctor.js)',
    });
  });
});
