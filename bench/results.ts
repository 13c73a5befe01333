import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';

const FILE = 'docs/benchmarks.md';

/** Benchmarks and their headings, in the order of docs/benchmarks.md. */
export const TITLES = {
  'whole-list': 'All companies of a portal',
  million: 'A million companies',
  operating: 'Operating time limit',
  readers: 'Many readers of one portal',
  warm: 'The list of companies from the cache',
  cold: 'The list of companies without a cache',
  browser: 'Pages in a browser',
  callback: 'Callbacks',
  visitors: 'Hostile visitors',
  export: 'An export of all companies',
  pages: 'Start, and pages without calls to the portal',
  'refresh-race': 'A refresh that several workers need at the same time',
  rolling: 'A rolling restart',
  soak: 'Soak: half an hour with an incident every minute',
  'vault-size': 'A million token records in Redis',
} as const;

export type Measured = keyof typeof TITLES;

/** Prints a result, and replaces the previous result of this benchmark in docs/benchmarks.md. Other results stay. */
export function publish(name: Measured, command: string, lines: string[]): void {
  const title = TITLES[name];
  const machine = `${new Date().toISOString().slice(0, 10)}, Node ${process.version}, ${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'})`;
  const part = [`## ${title}`, '', ...lines, '', `\`${command}\`, ${machine}`].join('\n');
  console.log(`\n${part}`);
  const [head = '', ...parts] = readFileSync(FILE, 'utf8').split(/\n(?=## )/);
  const texts = new Map(parts.map((each) => [each.slice(3, each.indexOf('\n')), each.trimEnd()]));
  texts.set(title, part);
  const measured = Object.values(TITLES).flatMap((each) => texts.get(each) ?? []);
  const written = [head.trimEnd(), ...measured, readFileSync('bench/growth.md', 'utf8').trim()];
  writeFileSync(FILE, `${written.join('\n\n')}\n`);
}
