import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parseArguments } from '../src/admin/arguments.ts';
import { README_USER } from './support/redis-user.ts';

const ROOT = join(import.meta.dirname, '..');
const GUIDE = 'docs/operations.md';

const guide = read(GUIDE);
/** As GitHub makes them of headings. */
const anchors = [...guide.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
  heading
    .toLowerCase()
    .replace(/[^\w\- ]/g, '')
    .replaceAll(' ', '-'),
);

function read(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8');
}

describe('docs/operations.md', () => {
  it('has operators make the Redis user that the README names, and that tests run as', () => {
    expect(guide).toContain(`\n${README_USER}\n`);
  });

  it('has a heading for everything that it refers to in itself', () => {
    const links = [...guide.matchAll(/\]\(#([^)]+)\)/g)].map(([, anchor]) => anchor);

    expect(links.length).toBeGreaterThan(10);
    expect(links.filter((anchor) => !anchors.includes(anchor ?? ''))).toEqual([]);
  });

  it('has a heading for everything that alerts and the like refer to', () => {
    const files = readdirSync(join(ROOT, 'ops'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'));

    const links = files.flatMap((text) =>
      [...text.matchAll(/docs\/operations\.md#([\w-]+)/g)].map(([, anchor = '']) => anchor),
    );

    expect(links.filter((anchor) => !anchors.includes(anchor))).toEqual([]);
  });

  it('names commands of npm run admin that there are, with arguments that they take', () => {
    const commands = [...guide.matchAll(/^npm run admin -- (.+)$/gm)].map(([, line = '']) => line);

    const words = commands.map((line) => line.replace(/"[^"]*"/g, 'FILE').split(' '));
    expect(commands.length).toBeGreaterThan(9);
    expect(words.map(parseArguments)).toHaveLength(commands.length);
  });

  it('has operators change the store through npm run admin alone', () => {
    const changing = /redis-cli.*(\b(UNLINK|DEL|FLUSH\w+|SET|RENAME|SHUTDOWN)\b|--rdb)|\.backup\(/i;

    expect(guide.split('\n').filter((line) => changing.test(line))).toEqual([]);
  });

  it('refers to files that exist', () => {
    const files = [...guide.matchAll(/\]\(([^#:)]+)[^:)]*\)/g)].map(([, file = '']) => file);

    expect(files.filter((file) => !existsSync(join(ROOT, dirname(GUIDE), file)))).toEqual([]);
  });
});
