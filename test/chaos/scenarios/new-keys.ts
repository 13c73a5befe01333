import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { putUnderLoad } from '../harness/load.ts';
import { programArgs } from '../harness/replica.ts';
import type { Size } from '../harness/size.ts';
import { pause } from '../harness/time.ts';
import type { World } from '../harness/world.ts';
import { type Scenario, tell } from '../scenario.ts';

/** Other keys for all that is sealed, without a moment in which anybody is shut out. */
export function newKeys(id: string, store: 'redis' | 'embedded'): Scenario {
  return {
    id,
    title: `TOKEN_KEYS changed over four replicas under load: old → old,new → new,old → rekey → new (${store})`,
    expected: 'lost 0, neither of those who are busy nor of those who are away; every exit code 0',
    world: { store },
    async run(world, size) {
      const busy = await world.signIn(size === 'full' ? 30 : 6);
      const away = await world.signIn(size === 'full' ? 30 : 6);
      const oldKey = world.replicas[0]?.env.TOKEN_KEYS ?? '';
      const newKey = randomBytes(32).toString('base64');

      let said = '';
      const exitCodes: (number | null)[] = [];
      const figures = await putUnderLoad(world, busy, { loops: 6, ms: 1000 }, async () => {
        exitCodes.push(...(await rollOut(world, [oldKey, newKey])));
        exitCodes.push(...(await rollOut(world, [newKey, oldKey])));
        said = await rekey(world, size);
        exitCodes.push(...(await rollOut(world, [newKey])));
      });

      const ofBusy = await world.countLost(busy);
      const ofAway = await world.countLost(away);
      return {
        measured: tell({
          rekey: said,
          refreshes: figures.refreshed,
          invalid_grant: figures.invalidGrants,
          'lost of the busy': ofBusy.lost + ofBusy.stuck,
          'lost of those away': ofAway.lost + ofAway.stuck,
          'exit codes': [...new Set(exitCodes)].join(' '),
          statuses: figures.statuses,
        }),
        ok:
          ofBusy.lost + ofBusy.stuck + ofAway.lost + ofAway.stuck === 0 &&
          figures.invalidGrants === 0 &&
          figures.count(401) === 0 &&
          exitCodes.every((code) => code === 0),
      };
    },
  };
}

async function rollOut(world: World, keys: string[]): Promise<(number | null)[]> {
  const exitCodes: (number | null)[] = [];
  for (const replica of world.replicas) {
    replica.env.TOKEN_KEYS = keys.join(',');
    exitCodes.push(await replica.end('SIGTERM'));
    await replica.start();
  }
  await pause(500);
  return exitCodes;
}

/** As an operator would, with the settings of a replica. */
async function rekey(world: World, size: Size): Promise<string> {
  const env = { PATH: process.env.PATH ?? '', ...world.replicas[0]?.env };
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    programArgs('rekey', size === 'full' ? 'dist' : 'src'),
    { env, cwd: world.folder },
  );
  appendFileSync(join(world.folder, 'rekey.log'), stdout + stderr);
  return `"${stdout.trim()}"`;
}
