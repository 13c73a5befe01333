import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { transformFileSync } from '@swc/core';
import { newDataDir } from '../support/start-app.ts';

const SRC = join(import.meta.dirname, '../../src');

/** A module of ours as plain JavaScript, so that twenty processes start soon. */
function compile(path: string): string {
  return transformFileSync(join(SRC, path), { jsc: { target: 'es2023', parser: { syntax: 'typescript' } } })
    .code;
}

/** Each makes the secrets of thirty folders, in the same order as the others: there they meet. */
const PROGRAM = `
  import { loadDevelopmentSecrets } from './development-secrets.mjs';
  process.send('ready');
  const load = (_, n) => loadDevelopmentSecrets(new URL('folder-' + n, import.meta.url).pathname).tokenKey;
  process.once('message', () => {
    let seen;
    try { seen = Array.from({ length: 30 }, load); } catch (error) { seen = error.message; }
    process.send(seen, () => process.exit());
  });`;

describe('the secrets of development', () => {
  it('when 20 processes start at once › all have the same, and nothing else is left', async () => {
    const dir = newDataDir();
    writeFileSync(join(dir, 'data-dir.mjs'), compile('store/data-dir.ts'));
    writeFileSync(
      join(dir, 'development-secrets.mjs'),
      compile('config/development-secrets.ts').replace('../store/data-dir.ts', './data-dir.mjs'),
    );
    writeFileSync(join(dir, 'program.mjs'), PROGRAM);
    const programs = Array.from({ length: 20 }, () =>
      spawn(process.execPath, [join(dir, 'program.mjs')], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }),
    );
    await Promise.all(programs.map((program) => once(program, 'message')));

    const answers = programs.map((program) => once(program, 'message'));
    for (const program of programs) program.send('go');
    const seen = await Promise.all(answers);

    const folder = join(dir, 'folder-29');
    const kept = JSON.parse(readFileSync(join(folder, 'secrets.json'), 'utf8'));
    expect([...new Set(seen.map(([keys]) => JSON.stringify(keys)))]).toHaveLength(1);
    expect(seen[0]?.[0][29]).toBe(kept.tokenKey);
    expect(readdirSync(folder)).toEqual(['secrets.json']);
    expect(statSync(join(folder, 'secrets.json')).mode & 0o777).toBe(0o600);
  });
});
