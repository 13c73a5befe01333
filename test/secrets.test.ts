import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const ROOT = join(import.meta.dirname, '..');
/** What is not the repository's, or is nothing to read. */
const ELSEWHERE = /^(node_modules|dist|data|coverage|\.git|\.test-output|\.env|\.ci\/.*\.log)$/;

/** What real secrets look like, and the few that everybody may read. */
const SECRETS: [what: string, pattern: RegExp, invented?: RegExp][] = [
  [
    'a client id of a real application',
    /\b(local|app)\.[0-9a-z]{14}\.\d{8}\b/g,
    /\.(0{14}|0123456789abcd)\./,
  ],
  [
    'a client secret as Bitrix24 makes them',
    /(?<![\w+/])(?=[A-Za-z]*\d)(?=[a-z\d]*[A-Z])(?=[A-Z\d]*[a-z])[A-Za-z\d]{50}(?![\w+/=])/g,
  ],
  ['a code or a token', /(?<![\w+/])[\da-f]{56,}(?![\w+/=])/g],
  ['an address of an incoming webhook', /\/rest\/\d+\/[a-z\d]{10,}\//g, /webhooksecret/],
  [
    'a value of one of our own secrets',
    /^\s*(SESSION_SECRETS|TOKEN_KEYS|BITRIX24_CLIENT_SECRET)=[^\s$'"`(]{20,}/gm,
  ],
  ['a private key', /-----BEGIN [A-Z ]*PRIVATE KEY-----/g],
  [
    'a key of a cloud or of a repository host',
    /\b(AKIA[\dA-Z]{16}|gh[pousr]_\w{36}|xox[abpr]-[\w-]{20,})\b/g,
  ],
];
/** A certificate for `localhost` that no machine trusts, of which tests need the key. */
const PUBLIC_KEY_FILE = 'test/support/self-signed.ts';

describe('the repository', () => {
  it('holds no secret, and no sample that looks like one', () => {
    const files = filesBelow(ROOT);

    const found = files.flatMap((file) => {
      const name = relative(ROOT, file);
      return secretsIn(readFileSync(file, 'utf8')).map((what) => `${name}: ${what}`);
    });

    expect(files.length).toBeGreaterThan(300);
    expect(found).toEqual([`${PUBLIC_KEY_FILE}: a private key`]);
  });

  it('has never held one, as far as its history is here', () => {
    const history = historyOf(ROOT);

    // Where there is no history, as in an archive of the files, there is nothing to look through. The key of the tests'
    // certificate is in it.
    expect(secretsIn(history).filter((what) => what !== 'a private key')).toEqual([]);
  });

  it.each([
    `BITRIX24_CLIENT_ID=local.${'5f3c2b1a9e8d7c'}.87654321`,
    `client_secret: '${'aB3dE5fG7h'.repeat(5)}'`,
    `refresh_token=${'0f9e8d7c'.repeat(9)}`,
    `https://acme.bitrix24.com/rest/1/${'k3j2h1g0f9e8d7c6'}/`,
    `TOKEN_KEYS=${'c2VjcmV0c2VjcmV0'.repeat(2)}`,
    `-----BEGIN EC ${'PRIVATE'} KEY-----`,
  ])('would be found out by %s', (text) => {
    expect(secretsIn(text)).toHaveLength(1);
  });
});

/** What a text holds, one word for each secret, which is not repeated here. */
function secretsIn(text: string): string[] {
  return SECRETS.flatMap(([what, pattern, invented]) =>
    (text.match(pattern) ?? []).filter((secret) => !invented?.test(secret)).map(() => what),
  );
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (ELSEWHERE.test(relative(ROOT, path)) || /\.png$|^package-lock\.json$/.test(entry.name)) return [];
    if (entry.isDirectory()) return filesBelow(path);
    return entry.isFile() ? [path] : [];
  });
}

function historyOf(folder: string): string {
  const only = ['.', ':!package-lock.json', ':!*.png'];
  try {
    return execFileSync('git', ['-C', folder, 'log', '--all', '-p', '--no-color', '--', ...only], {
      encoding: 'utf8',
      maxBuffer: 1024 * 1024 * 1024,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch {
    return '';
  }
}
