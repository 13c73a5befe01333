import { percentile } from '../../test/chaos/harness/time.ts';
import type { LostChain, Refreshes } from './lost-chains.ts';
import type { Sighting } from './sighting.ts';
import { KINDS, type Trouble, troubleAt } from './trouble.ts';

/** Resident memory of a replica in MB, and how often it was killed. */
export interface Weight {
  start: number;
  /** Medians of a sixth of the time each: of the second, and of the last. */
  warm: number;
  end: number;
  kills: number;
}

export interface Soak {
  minutes: number;
  sightings: Sighting[];
  troubles: Trouble[];
  refreshes: Refreshes;
  lost: LostChain[];
  /** Whose chain does not work in the end, although nothing is wrong any more. */
  lostInTheEnd: { lost: number; stuck: number };
  weights: Weight[];
}

/** An error that somebody saw, and what it came from. */
interface Explained {
  sighting: Sighting;
  trouble: Trouble | undefined;
  isExplained: boolean;
}

/** Errors that no trouble explains. */
export function unexplainedOf(soak: Soak): Explained[] {
  return explain(soak).filter(({ isExplained }) => !isExplained);
}

/** @returns lines of Markdown */
export function tellSoak(soak: Soak): string[] {
  const { minutes, sightings, troubles, refreshes, lost, lostInTheEnd, weights } = soak;
  const errors = explain(soak);
  const unexplained = unexplainedOf(soak);
  const unavoidable = lost.filter(({ isAvoidable }) => !isAvoidable).length;
  const refused = refreshes.asked.filter(({ error }) => error !== undefined).length;
  const pages = sightings.filter(({ what, code }) => what === 'page' && code === undefined);
  const [calm, troubled] = [
    pages.filter((page) => !troubleAt(troubles, page)),
    pages.filter((page) => troubleAt(troubles, page)),
  ];
  return [
    `Two replicas, one Redis, ${minutes} minutes, something going wrong every minute:`,
    '',
    '| | |',
    '|---|---|',
    `| pages, sign-ins, exports | ${['page', 'sign-in', 'export'].map((kind) => count(sightings, kind)).join(', ')} |`,
    `| renewals; refused refresh tokens | ${refreshes.asked.length - refused}; ${refused} |`,
    `| errors people were shown | ${errors.length} |`,
    `| of these unexplained | ${unexplained.length} |`,
    `| chains lost, unavoidable (refresh.md section 6) | ${unavoidable} |`,
    `| chains lost, avoidable | ${lost.length - unavoidable} |`,
    `| in the end without access; without an answer | ${lostInTheEnd.lost}; ${lostInTheEnd.stuck} |`,
    `| a good page, nothing going wrong: p50, p99, ms | ${times(calm)} |`,
    `| a good page, something going wrong: p50, p99, ms | ${times(troubled)} |`,
    '',
    '| what went wrong | times | errors people were shown |',
    '|---|---|---|',
    ...KINDS.map((kind) => {
      const mine = errors.filter(({ trouble }) => trouble?.kind === kind);
      return `| ${kind.name} | ${troubles.filter((each) => each.kind === kind).length} | ${tell(mine)} |`;
    }),
    `| nothing | | ${tell(errors.filter(({ trouble }) => trouble === undefined))} |`,
    '',
    `| resident memory, MB | at start | minutes ${(minutes / 6).toFixed(0)} to ${(minutes / 3).toFixed(0)} | the last ${(minutes / 6).toFixed(0)} | growth | killed |`,
    '|---|---|---|---|---|---|',
    ...weights.map(
      ({ start, warm, end, kills }, index) =>
        `| replica ${index + 1} | ${start.toFixed(0)} | ${warm.toFixed(0)} | ${end.toFixed(0)} | ${((end / warm - 1) * 100).toFixed(0)} % | ${kills > 0 ? `${kills} ×` : 'never'} |`,
    ),
    ...unexplained.map(
      ({ sighting, trouble }) =>
        `\nUnexplained: ${sighting.what} of user ${sighting.userId} at ${new Date(sighting.from).toISOString()}, ${sighting.to - sighting.from} ms: ${sighting.code}${trouble ? ` (meanwhile: ${trouble.kind.name})` : ''}`,
    ),
    ...lost.map(
      ({ userId, at, isAvoidable }) =>
        `\nChain lost, ${isAvoidable ? 'AVOIDABLE' : 'unavoidable'}: user ${userId}, noticed at ${new Date(at).toISOString()}`,
    ),
  ];
}

function explain({ sightings, troubles }: Soak): Explained[] {
  return sightings
    .filter(({ code }) => code !== undefined)
    .map((sighting) => {
      const trouble = troubleAt(troubles, sighting);
      return {
        sighting,
        trouble,
        isExplained: trouble?.kind.explains.includes(sighting.code ?? '') ?? false,
      };
    });
}

function count(sightings: Sighting[], what: string): string {
  return String(sightings.filter((each) => each.what === what).length);
}

function times(sightings: Sighting[]): string {
  const all = sightings.map(({ from, to }) => to - from);
  return `${percentile(all, 0.5)}, ${percentile(all, 0.99)}`;
}

/** `page store_unavailable ×12, sign-in cut ×1` */
function tell(errors: Explained[]): string {
  const counts = new Map<string, number>();
  for (const { sighting, isExplained } of errors) {
    const name = `${sighting.what} ${sighting.code}${isExplained ? '' : ' (UNEXPLAINED)'}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].map(([name, times]) => `${name} ×${times}`).join(', ') || 'none';
}
