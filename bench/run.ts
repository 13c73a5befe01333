import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { benchBrowser } from './browser.ts';
import { benchCallback } from './callback.ts';
import { benchCold } from './cold.ts';
import { benchExport } from './export.ts';
import { benchPages } from './pages.ts';
import { benchReaders } from './readers-of-one-portal.ts';
import { benchRefreshRace } from './refresh-race.ts';
import { benchVaultSize } from './vault-size.ts';
import { benchWarm } from './warm.ts';
import { benchMillion, benchOperating, benchWholeList } from './whole-list.ts';

/**
 * `npm run bench` runs everything and writes docs/benchmarks.md; `npm run bench -- warm cold` runs some parts and prints
 * them.
 *
 * Machines are shared and noisy: compare ratios within one run rather than figures of two.
 */
const PARTS: Record<string, [title: string, bench: () => Promise<string[]>]> = {
  'whole-list': ['All companies of a portal', benchWholeList],
  million: ['A million companies', benchMillion],
  operating: ['Execution time that runs out', benchOperating],
  readers: ['Many readers of one portal', benchReaders],
  warm: ['The list of companies when its answer is kept', benchWarm],
  cold: ['The list of companies when nothing is known yet', benchCold],
  browser: ['Pages in a browser', benchBrowser],
  callback: ['Coming back from Bitrix24', benchCallback],
  export: ['An export of all companies', benchExport],
  pages: ['Starting, and pages that ask nobody', benchPages],
  'refresh-race': ['A refresh that several workers need at once', benchRefreshRace],
  'vault-size': ['A million token records in Redis', benchVaultSize],
};

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !(name in PARTS));
if (unknown.length > 0)
  throw new Error(`there are ${Object.keys(PARTS).join(', ')}; not ${unknown.join(', ')}`);
const lines = [
  '# Benchmarks',
  '',
  `Printed by \`npm run bench\` on ${new Date().toISOString().slice(0, 10)}: Node ${process.version}, ${cpus().length} cores`,
  `(${cpus()[0]?.model ?? 'unknown'}). Machines are noisy: the ratio within one run is what to compare.`,
];
for (const [name, [title, bench]] of Object.entries(PARTS)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  const part = ['', `## ${title}`, '', ...(await bench()), '', `\`npm run bench -- ${name}\``];
  console.log(part.join('\n'));
  lines.push(...part);
}
if (asked.length === 0) {
  const growth = readFileSync('bench/growth.md', 'utf8');
  writeFileSync('docs/benchmarks.md', `${lines.join('\n')}\n${growth}`);
}
