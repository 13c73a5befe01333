import { pause, percentile, range } from './time.ts';
import { type Answer, callAs, type Visitor } from './visit.ts';
import type { World } from './world.ts';

/** What many visits at once came to. */
export interface LoadFigures {
  visits: number;
  /** `200×5123 503×4` */
  statuses: string;
  count(status: number): number;
  slowestMs: number;
  p99Ms: number;
  /** Refreshes that the authorization server carried out, and those it refused as used up. */
  refreshed: number;
  invalidGrants: number;
}

/**
 * People come and go at all replicas while access tokens live for a second, so that nearly every visit meets an expired
 * one: the races of hours within a minute.
 *
 * @param meanwhile  runs beside the load, which ends when both it and the time are over
 */
export async function putUnderLoad(
  world: World,
  visitors: Visitor[],
  options: { loops: number; ms: number; lifetimeSeconds?: number },
  meanwhile: (isOver: () => boolean) => Promise<void> = async () => {},
): Promise<LoadFigures> {
  const answers: Answer[] = [];
  const endsAt = Date.now() + options.ms;
  let isBusy = true;
  const isOver = () => Date.now() >= endsAt;

  world.emulator.clearRequests();
  world.emulator.set({ accessTokenLifetimeSeconds: options.lifetimeSeconds ?? 1 });
  world.portal.expireAccessTokens();
  const loops = range(options.loops).map(async () => {
    while (!isOver() || isBusy) {
      const answer = await callAs(oneOf(visitors), oneOf(world.origins));
      answers.push(answer);
      if (answer.status !== 200) await pause(20);
    }
  });
  await meanwhile(isOver).finally(() => {
    isBusy = false;
  });
  await Promise.all(loops);
  world.emulator.set({ accessTokenLifetimeSeconds: 3600 });

  const refreshes = world.refreshes();
  const times = answers.map(({ ms }) => ms);
  return {
    visits: answers.length,
    statuses: countStatuses(answers),
    count: (status) => answers.filter((answer) => answer.status === status).length,
    slowestMs: Math.round(Math.max(...times)),
    p99Ms: percentile(times, 0.99),
    refreshed: refreshes.filter(({ status }) => status === 200).length,
    invalidGrants: refreshes.filter(({ error }) => error === 'invalid_grant').length,
  };
}

export function countStatuses(answers: { status: number }[]): string {
  const counts = new Map<number, number>();
  for (const { status } of answers) counts.set(status, (counts.get(status) ?? 0) + 1);
  return [...counts]
    .sort(([a], [b]) => a - b)
    .map(([status, count]) => `${status}×${count}`)
    .join(' ');
}

function oneOf<T>(items: T[]): T {
  return items[Math.floor(Math.random() * items.length)] as T;
}
