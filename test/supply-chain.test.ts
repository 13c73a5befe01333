import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const ROOT = join(import.meta.dirname, '..');

interface Locked {
  version: string;
  integrity?: string;
  resolved?: string;
  link?: boolean;
  dev?: boolean;
}

const manifest = JSON.parse(read('package.json')) as Record<
  'dependencies' | 'devDependencies' | 'overrides',
  Record<string, string>
>;
const lock = JSON.parse(read('package-lock.json')) as {
  lockfileVersion: number;
  packages: Record<string, Locked & Pick<typeof manifest, 'dependencies' | 'devDependencies'>>;
};
/** All but the application itself. */
const locked = Object.entries(lock.packages).filter(([path]) => path !== '');

describe('what we depend on', () => {
  it('is named by exact versions', () => {
    const named = [manifest.dependencies, manifest.devDependencies, manifest.overrides].flatMap(
      Object.entries,
    );

    expect(named.length).toBeGreaterThan(40);
    expect(named.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(String(version)))).toEqual([]);
  });

  it('is locked as it is named', () => {
    const { dependencies, devDependencies } = lock.packages[''] ?? { dependencies: {}, devDependencies: {} };

    expect(lock.lockfileVersion).toBe(3);
    expect({ dependencies, devDependencies }).toEqual({
      dependencies: manifest.dependencies,
      devDependencies: manifest.devDependencies,
    });
    for (const [name, version] of Object.entries({ ...manifest.dependencies, ...manifest.devDependencies }))
      expect([name, lock.packages[`node_modules/${name}`]?.version]).toEqual([name, version]);
  });

  it('is locked with a digest of each package, and with no address to fetch it from', () => {
    expect(locked.length).toBeGreaterThan(100);
    expect(locked.filter(([, { integrity = '' }]) => !/^sha512-[\w+/]{86}==$/.test(integrity))).toEqual([]);
    expect(locked.filter(([, { resolved, link }]) => resolved !== undefined || link)).toEqual([]);
  });

  it('runs nothing when it is installed, neither here nor in the image', () => {
    const settings = read('.npmrc').split('\n');
    const installs = read('Dockerfile').match(/npm (ci|install|prune)[^\n&]*/g) ?? [];

    expect(settings).toEqual(expect.arrayContaining(['ignore-scripts=true', 'save-exact=true']));
    expect(installs.length).toBeGreaterThanOrEqual(2);
    expect(installs.filter((command) => !command.includes('--ignore-scripts'))).toEqual([]);
  });

  /** Below these, something is known that concerns us; connect-redis 9 does not speak to ioredis (decision 0004). */
  it.each([
    ['axios', '1.18.0'],
    ['follow-redirects', '1.16.0'],
    ['body-parser', '2.3.0'],
    ['path-to-regexp', '8.4.0'],
    ['ejs', '3.1.10'],
  ])('%s is %s or newer, in every copy that is locked', (name, floor) => {
    const versions = versionsOf(name);

    expect(versions.length).toBeGreaterThan(0);
    expect(versions.filter((version) => compareVersions(version, floor) < 0)).toEqual([]);
  });

  it('includes connect-redis 8.1.0 and no other: 9 and later do not speak to ioredis', () => {
    expect(versionsOf('connect-redis')).toEqual(['8.1.0']);
  });
});

describe('npm run sbom', () => {
  /** An optional peer of i18next; the image leaves it out. */
  const PEERS = ['typescript'];

  it('lists in CycloneDX what production runs, and nothing of development', () => {
    const text = execFileSync('npm', ['run', '--silent', 'sbom'], { cwd: ROOT, encoding: 'utf8' });

    const { bomFormat, components, dependencies } = JSON.parse(text) as {
      bomFormat: string;
      components: { 'bom-ref': string; name: string; version: string; hashes?: { alg: string }[] }[];
      dependencies: { ref: string; dependsOn: string[] }[];
    };
    const listed = new Set(components.map((component) => component['bom-ref']));
    expect(bomFormat).toBe('CycloneDX');
    expect(components.map(({ name }) => name)).toContain('follow-redirects');
    const missing = Object.entries(manifest.dependencies).filter(
      ([name, version]) => !listed.has(`${name}@${version}`),
    );
    expect(missing).toEqual([]);
    const strange = Object.entries(manifest.devDependencies).filter(([name, version]) =>
      listed.has(`${name}@${version}`),
    );
    expect(strange.map(([name]) => name)).toEqual(PEERS);
    expect(components.filter(({ hashes }) => hashes?.[0]?.alg !== 'SHA-512')).toEqual([]);
    const [own, ...others] = dependencies.sort(
      (one, other) => Number(listed.has(one.ref)) - Number(listed.has(other.ref)),
    );
    expect(own?.dependsOn.length).toBe(Object.keys(manifest.dependencies).length + PEERS.length);
    expect(others.flatMap(({ dependsOn }) => dependsOn).filter((ref) => !listed.has(ref))).toEqual([]);
  });
});

function read(name: string): string {
  return readFileSync(join(ROOT, name), 'utf8');
}

/** Of all copies, however deep they lie. */
function versionsOf(name: string): string[] {
  return locked.filter(([path]) => path.endsWith(`node_modules/${name}`)).map(([, { version }]) => version);
}

function compareVersions(one: string, other: string): number {
  const [a, b] = [one, other].map((version) => version.split('.').map((part) => Number.parseInt(part, 10)));
  const index = [0, 1, 2].find((at) => a?.[at] !== b?.[at]) ?? 0;
  return (a?.[index] ?? 0) - (b?.[index] ?? 0);
}
