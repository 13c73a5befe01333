import { mkdirSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { OUTPUT } from '../support/output.ts';
import { STORE_KINDS } from '../support/start-app.ts';
import { startWorld, type World, type WorldOptions } from './harness/world.ts';
import { SCENARIOS } from './scenarios/index.ts';

/**
 * The chaos tests in small, beside all others: counts are as strict as in `npm run test:chaos`, times are not, because
 * the machine is shared.
 */
const TIMEOUT_MS = 90_000;
const bounded = SCENARIOS.filter(({ isBounded }) => isBounded);

/** All scenarios on a store share a world: starting three servers takes longer than most of what is done to them. */
describe.each(STORE_KINDS)('replicas on the %s store', (store) => {
  const scenarios = bounded.filter(({ world }) => world.store === store);
  let world: World | undefined;
  afterAll(() => world?.stop());

  it.each(scenarios.map((scenario) => [scenario.id, scenario.title, scenario] as const))(
    '%s › %s',
    async (_id, _title, scenario) => {
      world ??= await startSmallWorld(Object.assign({}, ...scenarios.map((each) => each.world)));
      world.behindFront(world.replicas);

      const verdict = await scenario.run(world, 'bounded');

      // What was measured is what one wants to read when it is not ok.
      expect(verdict.ok ? 'ok' : verdict.measured).toBe('ok');
    },
    TIMEOUT_MS,
  );
});

function startSmallWorld(options: Omit<WorldOptions, 'size' | 'folder'>): Promise<World> {
  mkdirSync(OUTPUT, { recursive: true });
  const folder = mkdtempSync(join(OUTPUT, 'chaos-'));
  return startWorld({ ...options, size: 'bounded', folder });
}
