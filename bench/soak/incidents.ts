import type { Fault } from '../../emulator/index.ts';
import { pause } from '../../test/chaos/harness/time.ts';
import type { World } from '../../test/chaos/harness/world.ts';
import { AT_THE_PORTAL, CUT, type Observation } from './observation.ts';

/** A kind of incident, and the errors that users may get from it. */
interface IncidentKind {
  name: string;
  /** Runs the incident from start to end; sets `killedAt` when it has killed a replica. */
  happen(world: World, incident: Incident): Promise<void>;
  /** Error codes that it explains, during the incident and for `effectLastsMs` after it. */
  explains: string[];
  effectLastsMs: number;
}

export interface Incident {
  kind: IncidentKind;
  from: number;
  to: number;
  /** When a replica was killed; token families that it was refreshing may be lost. */
  killedAt?: number;
}

/** Index of the replica that is killed. The other one runs to the end, so its memory shows the whole run. */
export const KILLED_REPLICA = 1;

export const INCIDENT_KINDS: IncidentKind[] = [
  {
    name: 'kill -9 of a replica while a refresh takes 0.4 s, started again after 3 s',
    async happen({ replicas, emulator }, incident) {
      const effect: Fault['effect'] = { type: 'delay', ms: 400, when: 'after' };
      const slow = emulator.orderFault({ on: 'token', times: Number.POSITIVE_INFINITY, effect });
      await pause(1_000);
      incident.killedAt = Date.now();
      await replicas[KILLED_REPLICA]?.end('SIGKILL');
      slow.cancel();
      await pause(3_000);
      await replicas[KILLED_REPLICA]?.start();
    },
    // Requests to the killed replica are cut off. A user whose token it was refreshing waits until the claim expires
    // (10 s).
    explains: [CUT, 'reconnecting'],
    effectLastsMs: 15_000,
  },
  {
    name: 'Redis frozen for 4 s',
    async happen({ redis }) {
      redis.signal('SIGSTOP');
      await pause(4_000);
      redis.signal('SIGCONT');
    },
    explains: ['store_unavailable', 'reconnecting'],
    effectLastsMs: 5_000,
  },
  {
    name: 'the portal unreachable for 10 s',
    happen: (world) => faulty(world, 10_000, ['rest', 'authorize'], { type: 'drop', when: 'before' }),
    explains: ['portal_failed', 'portal_timeout', AT_THE_PORTAL],
    effectLastsMs: 5_000,
  },
  {
    name: 'the authorization server answers after 9 s, for 15 s',
    happen: (world) => faulty(world, 15_000, ['token'], { type: 'delay', ms: 9_000, when: 'after' }),
    // Requests wait for 8 s; then a sign-in must be started again, and a refresh continues in the background.
    explains: ['reconnecting', 'portal_timeout'],
    effectLastsMs: 12_000,
  },
  {
    name: 'Redis killed, started after 3 s on its append-only file',
    async happen({ redis }) {
      await redis.kill();
      await pause(3_000);
      await redis.start();
    },
    explains: ['store_unavailable', 'reconnecting'],
    effectLastsMs: 5_000,
  },
];

async function faulty(
  { emulator }: World,
  ms: number,
  sites: Fault['on'][],
  effect: Fault['effect'],
): Promise<void> {
  const orders = sites.map((on) => emulator.orderFault({ on, times: Number.POSITIVE_INFINITY, effect }));
  await pause(ms);
  for (const order of orders) order.cancel();
}

/** Starts one kind of incident after another until `isOver`. An incident is in the list from its start. */
export async function injectIncidents(
  world: World,
  incidents: Incident[],
  options: { everyMs: number; isOver: () => boolean },
): Promise<void> {
  for (let turn = 0; !options.isOver(); turn += 1) {
    const kind = INCIDENT_KINDS[turn % INCIDENT_KINDS.length] as IncidentKind;
    const incident: Incident = { kind, from: Date.now(), to: Number.POSITIVE_INFINITY };
    incidents.push(incident);
    await kind.happen(world, incident);
    incident.to = Date.now();
    const nextAt = incident.from + options.everyMs;
    while (Date.now() < nextAt && !options.isOver()) await pause(100);
  }
}

/** The incident that was active, or still had effects, during an observation. */
export function incidentAt(incidents: Incident[], { from, to }: Observation): Incident | undefined {
  return incidents.find(
    (incident) => incident.from <= to && from <= incident.to + incident.kind.effectLastsMs,
  );
}
