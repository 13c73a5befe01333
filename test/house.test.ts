import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const SRC = join(import.meta.dirname, '../src');
const VIEWS = join(import.meta.dirname, '../views');

/** Who may import whom (docs/decisions/0014-rooms.md): only rooms below. Files directly in src/ are named by themselves. */
const LEAST = ['errors.ts', 'log.ts', 'timing.ts', 'portal-user.ts', 'random-id.ts'];
const ANYONE = [...LEAST, 'http-client', 'i18n'];
const LEAVES = [...ANYONE, 'oauth', 'bitrix24', 'store'];
const AUTH_AND_BELOW = [...LEAVES, 'vault', 'portal-client', 'web', 'auth'];
/** Wiring knows everybody. */
const WIRING = ['boot', 'services.ts', 'app.ts', 'server.ts', 'doctor.ts', 'rekey.ts', 'admin.ts'];
const MAY_IMPORT: Record<string, string[]> = {
  'errors.ts': [],
  'log.ts': [],
  'timing.ts': [],
  'portal-user.ts': [],
  'random-id.ts': [],
  'http-client': LEAST,
  i18n: LEAST,
  oauth: ANYONE,
  bitrix24: ANYONE,
  store: ANYONE,
  config: ['bitrix24', 'store', 'http-client'],
  vault: LEAVES,
  'portal-client': [...LEAVES, 'vault'],
  web: [...LEAVES, 'vault'],
  auth: AUTH_AND_BELOW,
  companies: AUTH_AND_BELOW,
  overview: [...AUTH_AND_BELOW, 'companies'],
  exports: [...AUTH_AND_BELOW, 'companies'],
  // Those who are measured do not know it: metrics listen to all of them, and nobody but the wiring knows metrics.
  metrics: [...AUTH_AND_BELOW, 'companies', 'overview', 'exports'],
  doctor: [...LEAVES, 'vault', 'config'],
  // Signs out and forgets the way the application does, so it uses the rooms that do.
  admin: [...AUTH_AND_BELOW, 'overview', 'exports'],
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

  it('every room and every file beside them is known', () => {
    expect([...new Set(filesBelow(SRC).map(roomOf))].sort()).toEqual(
      [...Object.keys(MAY_IMPORT), ...WIRING].sort(),
    );
  });

  it('only programs read the settings', () => {
    const readers = imports
      .filter(({ from, to }) => to === 'config' && from !== 'config')
      .map(({ file }) => file);

    expect([...new Set(readers)].sort()).toEqual([
      'boot/admin-program.ts',
      'boot/cli.ts',
      'boot/start-server.ts',
      'doctor.ts',
      'doctor/settings.ts',
      'doctor/store.ts',
      'server.ts',
    ]);
  });

  it('only the wiring knows what is measured, and only metrics how', () => {
    const wiring = imports.filter(({ from, to }) => to === 'metrics' && from !== 'metrics');
    const counters = filesBelow(SRC).filter((file) =>
      /from 'prom-client'|import\('prom-client'\)/.test(readFileSync(file, 'utf8')),
    );

    expect([...new Set(wiring.map(({ file }) => file))].sort()).toEqual([
      'boot/start-server.ts',
      'services.ts',
    ]);
    expect([...new Set(counters.map(roomOf))]).toEqual(['metrics']);
  });

  it('a column is one row of one table, and its texts', () => {
    const files = filesBelow(SRC).filter((file) => /\bemployees\b/i.test(readFileSync(file, 'utf8')));

    expect(files.map((file) => relative(SRC, file)).sort()).toEqual([
      'bitrix24/crm/company-columns.ts',
      'i18n/messages/list.en.ts',
      'i18n/messages/list.ru.ts',
    ]);
  });

  it("only bitrix24/ knows the wire's names of fields", () => {
    const names =
      /\b(COMPANY_TYPE|ASSIGNED_BY_ID|DATE_(CREATE|MODIFY)|CURRENCY_ID|UF_CRM|VALUE_TYPE|STATUS_ID)\b/;
    const files = filesBelow(SRC).filter((file) => names.test(readFileSync(file, 'utf8')));

    expect([...new Set(files.map(roomOf))]).toEqual(['bitrix24']);
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
      'boot/start-server.ts',
      'http-client/http-client.ts',
      'http-client/routes.ts',
      'http-client/tunnel-agent.ts',
      'metrics/metrics-server.ts',
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

  it.each(filesBelow(VIEWS).map((file) => relative(VIEWS, file)))(
    '%s writes no address of ours itself: the application may live below a path',
    (name) => {
      const text = readFileSync(join(VIEWS, name), 'utf8');

      expect(text).not.toMatch(/(href|action|src)="\/|(href|action|src)="<%= '\//);
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
