import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { SECRET_MARK } from '../../emulator/index.ts';
import { OUTPUT } from '../support/output.ts';
import { startWorld, type World } from './harness/world.ts';
import type { Scenario, Verdict } from './scenario.ts';
import { SCENARIOS } from './scenarios/index.ts';

/**
 * `npm run test:chaos [-- R3 R14 …]`: every scenario at full size, one after the other, on what `npm run build` made.
 * Exit code 1 if one is not ok, or if a secret is readable in what their processes left behind.
 *
 * Not while `npm test` runs in the same folder: that begins by emptying .test-output.
 */
const OURS = join(OUTPUT, 'chaos');
const wanted = process.argv.slice(2).map((id) => id.toLowerCase());
const chosen = SCENARIOS.filter(({ id }) => wanted.length === 0 || wanted.includes(id.toLowerCase()));
if (chosen.length === 0) {
  console.error(`No such scenario. There are: ${SCENARIOS.map(({ id }) => id).join(' ')}`);
  process.exit(1);
}
// A test that is interrupted must not leave servers behind.
let current: World | undefined;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void (current?.stop() ?? Promise.resolve()).finally(() => process.exit(130)));
}

rmSync(OURS, { recursive: true, force: true });
mkdirSync(OURS, { recursive: true });
const startedAt = Date.now();
const failed: string[] = [];
for (const scenario of chosen) {
  const folder = join(OURS, scenario.id);
  const before = Date.now();
  const verdict = withoutLeaks(await runOne(scenario, folder), folder);
  const seconds = Math.round((Date.now() - before) / 1000);
  console.log(
    `${scenario.id} | ${scenario.title}\n  expected: ${scenario.expected}\n  measured: ${verdict.measured}\n  ${verdict.ok ? 'ok' : 'NOT OK'} | ${seconds} s`,
  );
  if (!verdict.ok) {
    failed.push(scenario.id);
    console.log(`  what its processes printed: ${folder}`);
  }
}
console.log(
  `\n${chosen.length - failed.length} of ${chosen.length} ok in ${Math.round((Date.now() - startedAt) / 1000)} s${failed.length > 0 ? `; NOT OK: ${failed.join(' ')}` : ''}`,
);
process.exit(failed.length > 0 ? 1 : 0);

async function runOne(scenario: Scenario, folder: string): Promise<Verdict> {
  let world: World | undefined;
  try {
    world = await startWorld({ ...scenario.world, size: 'full', folder });
    current = world;
    return await scenario.run(world, 'full');
  } catch (error) {
    return { measured: `broke off: ${error instanceof Error ? error.stack : String(error)}`, ok: false };
  } finally {
    await world?.stop();
    current = undefined;
  }
}

/** Logs and stores of every scenario are looked through for tokens, codes and the client secret. */
function withoutLeaks(verdict: Verdict, folder: string): Verdict {
  const leaking = filesBelow(folder).filter((file) => readFileSync(file).includes(SECRET_MARK));
  if (leaking.length === 0) return verdict;
  return { measured: `${verdict.measured}; a secret is readable in ${leaking.join(', ')}`, ok: false };
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? filesBelow(join(folder, entry.name)) : [join(folder, entry.name)],
  );
}
