import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { SETTINGS } from '../src/config/config.ts';

const ROOT = join(import.meta.dirname, '..');
const FILES = readdirSync(ROOT).filter((name) => /^docker-compose.*\.yml$/.test(name));
const KEYS = ['NODE_ENV', ...Object.values(SETTINGS).map(({ key }) => key)];

/** The proxy of the file is the only one there is, and its address is in the file. */
const HAS_A_PROXY = ['docker-compose.scale.yml', 'docker-compose.production.yml'];

describe.each(FILES)('%s', (name) => {
  const text = readFileSync(join(ROOT, name), 'utf8');

  it('hands on every setting of .env: none is ignored in silence', () => {
    const handedOn = new Set([...text.matchAll(/\$\{([A-Z0-9_]+)/g)].map(([, key]) => key));

    const expected = KEYS.filter((key) => !(key === 'TRUST_PROXY' && HAS_A_PROXY.includes(name)));
    expect(expected.filter((key) => !handedOn.has(key))).toEqual([]);
  });

  it('limits every service: root, capabilities, memory, processes, logs', () => {
    const { services } = splitServices(text);

    expect(services.length).toBeGreaterThan(2);
    for (const service of services) expect(service).toMatch(/<<: \*(limits|application)/);
    for (const limit of [
      'read_only: true',
      'cap_drop: [ALL]',
      'no-new-privileges:true',
      'pids_limit:',
      'max-size:',
    ])
      expect(text).toContain(limit);
    const limited = services.filter((service) => /mem_limit|<<: \*application/.test(service));
    expect(limited).toHaveLength(services.length);
  });
});

function splitServices(text: string): { services: string[] } {
  const [, after = ''] = text.split(/^services:\n/m);
  const [block = ''] = after.split(/^networks:\n/m);
  return { services: block.split(/^ {2}(?=[\w-]+:)/m).filter((part) => /^[\w-]+:/.test(part)) };
}
