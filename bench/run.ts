import { benchBrowser } from './browser.ts';
import { benchCallback } from './callback.ts';
import { benchCold } from './cold.ts';
import { benchExport } from './export.ts';
import { benchPages } from './pages.ts';
import { benchReaders } from './readers-of-one-portal.ts';
import { benchRefreshRace } from './refresh-race.ts';
import { type Measured, publish } from './results.ts';
import { benchRollingRestart } from './rolling-restart.ts';
import { benchVaultSize } from './vault-size.ts';
import { benchVisitors } from './visitors.ts';
import { benchWarm } from './warm.ts';
import { benchMillion, benchOperating, benchWholeList } from './whole-list.ts';

/**
 * `npm run bench` runs all benchmarks and takes almost an hour; `npm run bench -- warm cold` runs only those. Results
 * are printed and written to docs/benchmarks.md. `npm run soak` is separate, because it takes as long.
 *
 * Machines are shared and noisy: compare ratios within one run, not figures of two runs.
 */
const PARTS: Record<Exclude<Measured, 'soak'>, () => Promise<string[]>> = {
  'whole-list': benchWholeList,
  million: benchMillion,
  operating: benchOperating,
  readers: benchReaders,
  warm: benchWarm,
  cold: benchCold,
  browser: benchBrowser,
  callback: benchCallback,
  visitors: benchVisitors,
  export: benchExport,
  pages: benchPages,
  'refresh-race': benchRefreshRace,
  rolling: benchRollingRestart,
  'vault-size': benchVaultSize,
};

const names = Object.keys(PARTS) as (keyof typeof PARTS)[];
const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !(name in PARTS));
if (unknown.length > 0) throw new Error(`unknown: ${unknown.join(', ')}; known: ${names.join(', ')}`);
for (const name of names) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  publish(name, `npm run bench -- ${name}`, await PARTS[name]());
}
