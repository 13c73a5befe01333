import { execFileSync } from 'node:child_process';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { readConfig } from '../../src/config/config.ts';
import { createLogger } from '../../src/log.ts';
import { DataDirError, whyNotWritable } from '../../src/store/data-dir.ts';
import { watchDataDir } from '../../src/store/data-dir-watch.ts';
import { openEmbeddedStore } from '../../src/store/embedded-store.ts';
import { newDataDir, startApp } from '../support/start-app.ts';

/** The tests may run as root, who may write anywhere but below a file. */
function belowAFile(): string {
  const file = join(newDataDir(), 'a-file');
  writeFileSync(file, '');
  return join(file, 'data');
}

const uid = String(process.getuid?.());

describe('a DATA_DIR that cannot be used', () => {
  it('when the embedded store is opened there › the error names the setting, the path, the user and what to do', () => {
    const dataDir = belowAFile();

    const opening = () => openEmbeddedStore(dataDir);

    expect(opening).toThrow(DataDirError);
    expect(opening).toThrow(`DATA_DIR ${dataDir} cannot be used by user ${uid} (group`);
    expect(opening).toThrow('name another folder in DATA_DIR');
  });

  it('when the secrets of development are made there › the error says the same', () => {
    const dataDir = belowAFile();

    expect(() =>
      readConfig({
        DATA_DIR: dataDir,
        BITRIX24_CLIENT_ID: 'local.0123456789abcd.01234567',
        BITRIX24_CLIENT_SECRET: 'a-client-secret-of-a-test-0123456789',
        BITRIX24_PORTALS: 'https://acme.bitrix24.com',
      }),
    ).toThrow(`DATA_DIR ${dataDir} cannot be used by user ${uid} (group`);
  });

  it('when Redis is the store › readiness and one line of the log say so', async () => {
    const dataDir = belowAFile();
    const app = await startApp({ store: 'redis', dataDir });

    const answer = await app.agent().request(`${app.origin}/readyz`);
    await app.agent().request(`${app.origin}/readyz`);

    expect([answer.status, JSON.parse(answer.text)]).toEqual([
      200,
      { status: 'ready', dataDir: 'not writable' },
    ]);
    const told = app.logLines().filter(({ msg }) => String(msg).includes('Until then exports fail'));
    expect(told).toEqual([
      expect.objectContaining({ level: 'warn', msg: expect.stringContaining(`DATA_DIR ${dataDir}`) }),
    ]);
    await app.stop();
  });

  it('when Redis is the store › an export says so to the person', async () => {
    const app = await startApp({ store: 'redis', dataDir: belowAFile() });
    const agent = app.agent();
    await app.signIn(agent);
    await agent.post(`${app.origin}/exports`, { format: 'csv' });

    let page = '';
    do page = (await agent.request(`${app.origin}/exports`)).text;
    while (!page.includes('may not write its files'));

    expect(page).toContain('DATA_DIR has to be writable');
    expect(app.logLines()).toContainEqual(
      expect.objectContaining({ level: 'error', errorCode: 'disk_not_writable' }),
    );
    await app.stop();
  });
});

describe('whyNotWritable()', () => {
  it('when the folder is not there yet › goes by the one above it, and makes nothing', () => {
    const dataDir = newDataDir();

    expect(whyNotWritable(join(dataDir, 'not', 'there'))).toBeUndefined();
    expect(readdirSync(dataDir)).toEqual([]);
  });

  it('when another user owns the folder › names the cause', () => {
    if (uid !== '0') return;
    const program = `import { whyNotWritable } from ${JSON.stringify(join(import.meta.dirname, '../../src/store/data-dir.ts'))};
      process.setuid(65534); process.stdout.write(String(whyNotWritable('/')));`;

    const told = execFileSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
      encoding: 'utf8',
    });

    expect(told).toBe('EACCES');
  });
});

describe('watchDataDir()', () => {
  it('when the folder can be written again › says so once', () => {
    const lines: string[] = [];
    const logger = createLogger({
      level: 'info',
      isPretty: false,
      destination: { write: (line) => void lines.push(JSON.parse(line).msg) },
    });
    const dataDir = belowAFile();
    const isWritable = watchDataDir(dataDir, logger);

    const before = [isWritable(), isWritable()];
    rmSync(join(dataDir, '..'));
    const after = [isWritable(), isWritable()];

    expect([before, after]).toEqual([
      [false, false],
      [true, true],
    ]);
    expect(lines).toEqual([
      expect.stringContaining('cannot be used by user'),
      `DATA_DIR ${dataDir} can be written again`,
    ]);
  });
});
