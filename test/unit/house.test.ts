import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const SRC = join(import.meta.dirname, '../../src');
const VIEWS = join(import.meta.dirname, '../../views');

/** Who may import whom (style.md section 5). Files directly in src/ are named by themselves. */
const ANYONE = ['errors.ts', 'http.ts', 'call-observer.ts', 'log.ts', 'random-id.ts', 'time-zone.ts'];
const LEAVES = ['oauth', 'bitrix24', 'store'];
const MAY_IMPORT: Record<string, string[]> = {
  'errors.ts': [],
  'log.ts': [],
  'time-zone.ts': [],
  'circuit.ts': [],
  'deadline.ts': [],
  'random-id.ts': [],
  'http.ts': ['errors.ts', 'circuit.ts', 'deadline.ts'],
  'call-observer.ts': ['errors.ts', 'http.ts'],
  oauth: ANYONE,
  bitrix24: ANYONE,
  store: ANYONE,
  answers: ANYONE,
  vault: [...ANYONE, ...LEAVES],
  overview: [...ANYONE, ...LEAVES],
  exports: [...ANYONE, ...LEAVES],
  web: [...ANYONE, ...LEAVES, 'vault', 'answers', 'overview', 'exports'],
  // Those who are measured do not know it: metrics listen to all of them, and nobody but the wiring knows metrics.
  metrics: [...ANYONE, ...LEAVES, 'vault', 'answers', 'exports', 'web'],
  doctor: [...ANYONE, ...LEAVES, 'vault', 'config.ts'],
};

const imports = filesBelow(SRC).flatMap((file) =>
  [...readFileSync(file, 'utf8').matchAll(/(?:from |import\()'(\.[^']+)'/g)].map(([, path = '']) => ({
    file: relative(SRC, file),
    from: roomOf(file),
    to: roomOf(join(dirname(file), path)),
  })),
);

describe('the house', () => {
  it.each(Object.keys(MAY_IMPORT))('%s imports nothing above or beside it', (room) => {
    const allowed = [room, ...(MAY_IMPORT[room] ?? [])];

    const strays = imports.filter(({ from, to }) => from === room && !allowed.includes(to));

    expect(strays).toEqual([]);
  });

  it('only programs read the settings', () => {
    const readers = imports.filter(({ to }) => to === 'config.ts').map(({ file }) => file);

    expect([...new Set(readers)].sort()).toEqual([
      'doctor.ts',
      'doctor/settings.ts',
      'doctor/store.ts',
      'open-stores.ts',
      'program.ts',
      'rekey.ts',
      'running-server.ts',
      'server.ts',
    ]);
  });

  it('only the wiring knows what is measured, and only metrics how', () => {
    const wiring = imports.filter(({ from, to }) => to === 'metrics' && from !== 'metrics');
    const counters = filesBelow(SRC).filter((file) =>
      /from 'prom-client'|import\('prom-client'\)/.test(readFileSync(file, 'utf8')),
    );

    expect([...new Set(wiring.map(({ file }) => file))].sort()).toEqual(['app.ts', 'running-server.ts']);
    expect([...new Set(counters.map(roomOf))]).toEqual(['metrics']);
  });

  it('nothing in src imports the emulator or the tests', () => {
    const strays = imports.filter(({ to }) => to.startsWith('..'));

    expect(strays).toEqual([]);
  });

  it('only the outgoing door opens connections', () => {
    const openers = filesBelow(SRC).filter((file) =>
      // A type opens nothing.
      /^import (?!type )[^;]*from '(axios|node:https?)'|\bfetch\(/m.test(readFileSync(file, 'utf8')),
    );

    // The others are the listening side.
    expect(openers.map((file) => relative(SRC, file)).sort()).toEqual([
      'http.ts',
      'metrics/metrics-server.ts',
      'running-server.ts',
    ]);
  });
});

describe('the views', () => {
  it.each(filesBelow(VIEWS).map((file) => relative(VIEWS, file)))(
    '%s writes nothing unescaped but partials, and no script of its own',
    (name) => {
      const text = readFileSync(join(VIEWS, name), 'utf8');

      const unescaped = [...text.matchAll(/<%-(.*?)%>/gs)].map(([, code = '']) => code.trim());
      // A fragment is a partial that was rendered before.
      const isPartial = (code: string) =>
        /^include\('\/partials\/[\w-]+'/.test(code) || /^fragments\.\w+$/.test(code);
      expect(unescaped.filter((code) => !isPartial(code))).toEqual([]);
      // The policy of our pages runs files of ours and nothing else.
      const files = /<script defer src="<%= asset\(name\) %>"><\/script>/g;
      expect(text.replace(files, '')).not.toMatch(/<script|style=|\son\w+=/i);
    },
  );
});

function roomOf(path: string): string {
  return relative(SRC, path).split('/')[0] ?? '';
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? filesBelow(join(folder, entry.name)) : [join(folder, entry.name)],
  );
}
