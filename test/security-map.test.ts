import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parseSync } from '@swc/core';

const ROOT = join(import.meta.dirname, '..');
/** What was found by whom comes after it. */
const [MAP = ''] = readFileSync(join(ROOT, 'docs/security.md'), 'utf8').split('\n## Review by');

/** How many musts each section of the checklist has. The checklist itself is kept outside of the repository. */
const MUSTS: [section: string, musts: number][] = [
  ['Login flow', 15],
  ['Sessions and cookies', 10],
  ['Tenants', 5],
  ['Outbound calls', 10],
  ['Token refresh', 13],
  ['Redis', 6],
  ['Pages', 9],
  ['Logs and secrets', 5],
  ['Load and life', 6],
];

/** What is not built yet. */
const NOT_YET = /\bWaits\b/;

interface Row {
  section: string;
  must: string;
  keptIn: string;
  shownBy: string;
}

const rows = readRows(MAP);

describe('docs/security.md', () => {
  it('has the sections of the checklist, each with as many rows as it has musts', () => {
    const sections = [...new Set(rows.map(({ section }) => section))];

    expect(
      sections.map((section) => [section, rows.filter((row) => row.section === section).length]),
    ).toEqual(MUSTS);
  });

  it.each(rows.map((row) => [row.section, row.must.slice(0, 60), row] as const))(
    '%s › %s › names sources that exist, and tests that do',
    (_section, _must, { keptIn, shownBy }) => {
      const sources = codesIn(keptIn);
      const shown = codesIn(shownBy).map(readReference);

      expect(sources.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
      expect(shown.filter(({ file }) => !existsSync(join(ROOT, file)))).toEqual([]);
      expect(shown.filter(({ file, title }) => title !== undefined && !hasTitle(file, title))).toEqual([]);
      if (!NOT_YET.test(shownBy)) {
        expect(sources).not.toEqual([]);
        expect(shown.filter(({ title }) => title !== undefined)).not.toEqual([]);
      }
    },
  );
});

describe('titlesOf()', () => {
  it('finds titles of all kinds, with those of the groups around them', () => {
    const source = `
      describe.each<[string, () => Error]>([['(', f]])('when %s', (name) => {
        it(\`takes \${LIST.length} of \${kind}\`, async () => {});
        describe('inside', () => { test.each(['it("no title")'])('is %j', () => {}); });
      });
      it("one's own", () => {});`;

    expect(titlesOf('some.test.ts', source)).toEqual([
      // biome-ignore lint/suspicious/noTemplateCurlyInString: as it is written there
      'when %s › takes ${LIST.length} of ${kind}',
      'when %s › inside › is %j',
      "one's own",
    ]);
  });
});

/** Tables stand under the name of their section; whatever else the page says is not looked at. */
function readRows(text: string): Row[] {
  let section = '';
  const found: Row[] = [];
  for (const line of text.split('\n')) {
    section = /^## (.+)$/.exec(line)?.[1] ?? section;
    const [, must = '', keptIn = '', shownBy = ''] = line.split('|').map((cell) => cell.trim());
    const isRow = line.startsWith('|') && !/^\| ?(Must|-)/.test(line);
    if (isRow) found.push({ section, must, keptIn, shownBy });
  }
  return found;
}

function codesIn(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);
}

/** `file › title`, or a file alone: a program that shows it outside of jest. */
function readReference(code: string): { file: string; title: string | undefined } {
  const [file = '', ...title] = code.split(' › ');
  return { file, title: title.length > 0 ? title.join(' › ') : undefined };
}

/** The title of a test, alone or with those of the groups around it, from any of them on. */
function hasTitle(file: string, title: string): boolean {
  const titles = titlesOf(file, readFileSync(join(ROOT, file), 'utf8'));
  return titles.some((full) => full === title || full.endsWith(` › ${title}`));
}

/** Any object of swc's tree. */
type Node = { type?: string } & Record<string, unknown>;

/** Titles as they are written in the source: `%s` and `${…}` are left as they are. */
function titlesOf(file: string, source: string): string[] {
  const tree = parseSync(source, { syntax: 'typescript' }) as unknown as Node;
  // The chaos tests are objects; their titles are texts among others.
  if (file.includes('/chaos/scenarios/')) return textsBelow(tree);
  const titles: string[] = [];
  collectTitles(tree, [], titles);
  return titles;
}

function collectTitles(node: unknown, around: string[], titles: string[]): void {
  if (Array.isArray(node)) {
    for (const each of node) collectTitles(each, around, titles);
    return;
  }
  if (typeof node !== 'object' || node === null) return;
  const { type, callee, arguments: given } = node as Node & { arguments?: { expression: Node }[] };
  const name = type === 'CallExpression' ? rootOf(callee as Node) : '';
  const title = /^(describe|it|test)$/.test(name) ? textOf(given?.[0]?.expression) : undefined;
  if (title === undefined) {
    for (const value of Object.values(node)) collectTitles(value, around, titles);
  } else if (name === 'describe') {
    collectTitles(given?.slice(1), [...around, title], titles);
  } else titles.push([...around, title].join(' › '));
}

/** `it` of `it`, of `it.each(…)`, and of whatever else hangs on it. */
function rootOf(callee: Node | undefined): string {
  if (callee?.type === 'Identifier') return String(callee.value);
  return callee ? rootOf((callee.object ?? callee.callee ?? callee.tag) as Node | undefined) : '';
}

function textsBelow(node: unknown): string[] {
  if (Array.isArray(node)) return node.flatMap(textsBelow);
  if (typeof node !== 'object' || node === null) return [];
  const text = textOf(node as Node);
  return text === undefined ? Object.values(node).flatMap(textsBelow) : [text];
}

function textOf(node: Node | undefined): string | undefined {
  if (node?.type === 'StringLiteral') return String(node.value);
  if (node?.type !== 'TemplateLiteral') return undefined;
  const quasis = node.quasis as { raw: string }[];
  const expressions = node.expressions as Node[];
  return quasis
    .map(({ raw }, index) => raw + (expressions[index] ? `\${${sourceOf(expressions[index])}}` : ''))
    .join('');
}

function sourceOf(expression: Node | undefined): string {
  if (expression?.type === 'Identifier') return String(expression.value);
  if (expression?.type !== 'MemberExpression') return '…';
  return `${sourceOf(expression.object as Node)}.${sourceOf(expression.property as Node)}`;
}
