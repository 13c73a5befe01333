import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { benchPages } from './pages.ts';
import { benchRefreshRace } from './refresh-race.ts';
import { benchVaultSize } from './vault-size.ts';

/**
 * `npm run bench` runs everything and writes docs/benchmarks.md; `npm run bench -- pages` runs one part and prints it.
 *
 * Machines are shared and noisy: compare ratios within one run rather than figures of two.
 */
const PARTS = {
  pages: ['Pages', benchPages],
  'refresh-race': ['A refresh that several workers need at once', benchRefreshRace],
  'vault-size': ['A million token records in Redis', benchVaultSize],
} as const;

const asked = process.argv.slice(2);
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
if (asked.length === 0) writeFileSync('docs/benchmarks.md', `${lines.join('\n')}\n`);
