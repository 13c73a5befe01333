import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { benchBrowser } from './browser.ts';
import { benchCallback } from './callback.ts';
import { benchCold } from './cold.ts';
import { benchExport } from './export.ts';
import { benchPages } from './pages.ts';
import { benchReaders } from './readers-of-one-portal.ts';
import { benchRefreshRace } from './refresh-race.ts';
import { benchRollingRestart } from './rolling-restart.ts';
import { benchVaultSize } from './vault-size.ts';
import { benchVisitors } from './visitors.ts';
import { benchWarm } from './warm.ts';
import { benchMillion, benchOperating, benchWholeList } from './whole-list.ts';

/**
 * `npm run bench` runs everything, which takes the better part of an hour; `npm run bench -- warm cold` runs some parts.
 * What is measured is printed, and takes its place in docs/benchmarks.md.
 *
 * Machines are shared and noisy: compare ratios within one run rather than figures of two.
 */
const FILE = 'docs/benchmarks.md';
const PARTS: Record<string, [title: string, bench: () => Promise<string[]>]> = {
  'whole-list': ['All companies of a portal', benchWholeList],
  million: ['A million companies', benchMillion],
  operating: ['Execution time that runs out', benchOperating],
  readers: ['Many readers of one portal', benchReaders],
  warm: ['The list of companies when its answer is kept', benchWarm],
  cold: ['The list of companies when nothing is known yet', benchCold],
  browser: ['Pages in a browser', benchBrowser],
  callback: ['Coming back from Bitrix24', benchCallback],
  visitors: ['Hostile visitors', benchVisitors],
  export: ['An export of all companies', benchExport],
  pages: ['Starting, and pages that ask nobody', benchPages],
  'refresh-race': ['A refresh that several workers need at once', benchRefreshRace],
  rolling: ['A rolling restart', benchRollingRestart],
  'vault-size': ['A million token records in Redis', benchVaultSize],
};

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !(name in PARTS));
if (unknown.length > 0)
  throw new Error(`there are ${Object.keys(PARTS).join(', ')}; not ${unknown.join(', ')}`);
for (const [name, [title, bench]] of Object.entries(PARTS)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  const lines = await bench();
  const machine = `${new Date().toISOString().slice(0, 10)}, Node ${process.version}, ${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'})`;
  const part = [`## ${title}`, '', ...lines, '', `\`npm run bench -- ${name}\`, ${machine}`].join('\n');
  console.log(`\n${part}`);
  write(title, part);
}

/** Puts a part where its forerunner stood; what else is in the file stays. */
function write(title: string, part: string): void {
  const [head = '', ...parts] = readFileSync(FILE, 'utf8').split(/\n(?=## )/);
  const titles = Object.values(PARTS).map(([each]) => each);
  const texts = new Map(parts.map((each) => [each.slice(3, each.indexOf('\n')), each.trimEnd()]));
  texts.set(title, part);
  const measured = titles.flatMap((each) => texts.get(each) ?? []);
  const written = [head.trimEnd(), ...measured, readFileSync('bench/growth.md', 'utf8').trim()];
  writeFileSync(FILE, `${written.join('\n\n')}\n`);
}
