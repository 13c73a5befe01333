import { percentile } from '../../test/chaos/harness/time.ts';
import { INCIDENT_KINDS, type Incident, incidentAt } from './incidents.ts';
import type { LostTokenFamily, Refreshes } from './lost-token-families.ts';
import type { Observation } from './observation.ts';

/** Resident memory of a replica in MB, and how often it was killed. */
export interface MemoryUse {
  start: number;
  /** Medians over the second and the last sixth of the run. */
  warm: number;
  end: number;
  kills: number;
}

export interface SoakResult {
  minutes: number;
  observations: Observation[];
  incidents: Incident[];
  refreshes: Refreshes;
  lost: LostTokenFamily[];
  /**
   * Users without a working token family at the end, when no incident is active: `lost` have no access, `stuck` got
   * no answer.
   */
  lostInTheEnd: { lost: number; stuck: number };
  memory: MemoryUse[];
}

/** An error that a user got, and the incident that caused it. */
interface Explained {
  observation: Observation;
  incident: Incident | undefined;
  isExplained: boolean;
}

/** Errors that no incident explains. */
export function unexplainedErrors(soak: SoakResult): Explained[] {
  return explain(soak).filter(({ isExplained }) => !isExplained);
}

/** @returns  lines of Markdown */
export function soakReport(soak: SoakResult): string[] {
  const { minutes, observations, incidents, refreshes, lost, lostInTheEnd, memory } = soak;
  const errors = explain(soak);
  const unexplained = unexplainedErrors(soak);
  const unavoidable = lost.filter(({ isAvoidable }) => !isAvoidable).length;
  const refused = refreshes.requests.filter(({ error }) => error !== undefined).length;
  const pages = observations.filter(({ what, code }) => what === 'page' && code === undefined);
  const [calm, disturbed] = [
    pages.filter((page) => !incidentAt(incidents, page)),
    pages.filter((page) => incidentAt(incidents, page)),
  ];
  return [
    `Two replicas, one Redis, ${minutes} minutes, one incident every minute:`,
    '',
    '| | |',
    '|---|---|',
    `| pages, sign-ins, exports | ${['page', 'sign-in', 'export'].map((kind) => count(observations, kind)).join(', ')} |`,
    `| refreshes; refused refresh tokens | ${refreshes.requests.length - refused}; ${refused} |`,
    `| errors that users got | ${errors.length} |`,
    `| of these unexplained | ${unexplained.length} |`,
    `| token families lost, unavoidable (refresh.md section 6) | ${unavoidable} |`,
    `| token families lost, avoidable | ${lost.length - unavoidable} |`,
    `| users without access at the end; without an answer | ${lostInTheEnd.lost}; ${lostInTheEnd.stuck} |`,
    `| successful page, no incident: p50, p99, ms | ${times(calm)} |`,
    `| successful page, during an incident: p50, p99, ms | ${times(disturbed)} |`,
    '',
    '| incident | times | errors that users got |',
    '|---|---|---|',
    ...INCIDENT_KINDS.map((kind) => {
      const mine = errors.filter(({ incident }) => incident?.kind === kind);
      return `| ${kind.name} | ${incidents.filter((each) => each.kind === kind).length} | ${listErrors(mine)} |`;
    }),
    `| no incident | | ${listErrors(errors.filter(({ incident }) => incident === undefined))} |`,
    '',
    `| resident memory, MB | at start | minutes ${(minutes / 6).toFixed(0)} to ${(minutes / 3).toFixed(0)} | the last ${(minutes / 6).toFixed(0)} | growth | killed |`,
    '|---|---|---|---|---|---|',
    ...memory.map(
      ({ start, warm, end, kills }, index) =>
        `| replica ${index + 1} | ${start.toFixed(0)} | ${warm.toFixed(0)} | ${end.toFixed(0)} | ${((end / warm - 1) * 100).toFixed(0)} % | ${kills > 0 ? `${kills} ×` : 'never'} |`,
    ),
    ...unexplained.map(
      ({ observation, incident }) =>
        `\nUnexplained: ${observation.what} of user ${observation.userId} at ${new Date(observation.from).toISOString()}, ${observation.to - observation.from} ms: ${observation.code}${incident ? ` (during: ${incident.kind.name})` : ''}`,
    ),
    ...lost.map(
      ({ userId, at, isAvoidable }) =>
        `\nToken family lost, ${isAvoidable ? 'AVOIDABLE' : 'unavoidable'}: user ${userId}, noticed at ${new Date(at).toISOString()}`,
    ),
  ];
}

function explain({ observations, incidents }: SoakResult): Explained[] {
  return observations
    .filter(({ code }) => code !== undefined)
    .map((observation) => {
      const incident = incidentAt(incidents, observation);
      return {
        observation,
        incident,
        isExplained: incident?.kind.explains.includes(observation.code ?? '') ?? false,
      };
    });
}

function count(observations: Observation[], what: string): string {
  return String(observations.filter((each) => each.what === what).length);
}

function times(observations: Observation[]): string {
  const all = observations.map(({ from, to }) => to - from);
  return `${percentile(all, 0.5)}, ${percentile(all, 0.99)}`;
}

/** `page store_unavailable ×12, sign-in cut ×1` */
function listErrors(errors: Explained[]): string {
  const counts = new Map<string, number>();
  for (const { observation, isExplained } of errors) {
    const name = `${observation.what} ${observation.code}${isExplained ? '' : ' (UNEXPLAINED)'}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].map(([name, times]) => `${name} ×${times}`).join(', ') || 'none';
}
