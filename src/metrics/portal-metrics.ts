import { LRUCache } from 'lru-cache';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { PortalRoom } from '../bitrix24/limits/limit-decisions.ts';
import type { LimitedPortal, LimiterObserver } from '../bitrix24/limits/rate-limiter.ts';
import { PREFIX, seconds } from './names.ts';

/** BITRIX24_PORTALS may allow any number of portals. Beyond this many, those that were called longest ago are dropped. */
export const MAX_PORTALS = 1_000;
/** Few, because each portal has a set of its own. */
const BUCKETS = [0.1, 0.5, 1, 5, 60];
const LIMITS = ['requests', 'operating'] as const;

/** What the limiter last said of a portal. */
interface Seen {
  /** By `performance.now()`. */
  at: number;
  roomIn: (ms: number) => PortalRoom;
}

export interface PortalMetrics {
  limiter: LimiterObserver;
  /** Brings the gauges of each portal up to date. */
  update(): void;
}

/** How we keep to the limits of portals. The label of a portal is its host. */
export function measurePortals(registry: Registry, maxPortals = MAX_PORTALS): PortalMetrics {
  const registers = [registry];
  const waits = new Histogram({
    name: `${PREFIX}portal_wait_seconds`,
    help: 'How long requests waited for a place within the limits of the portal.',
    labelNames: ['portal'],
    buckets: BUCKETS,
    registers,
  });
  const turnedAway = new Counter({
    name: `${PREFIX}portal_turned_away_total`,
    help: 'Requests that were not sent because the wait would have been too long, by the limit that was in the way.',
    labelNames: ['portal', 'limit'],
    registers,
  });
  const refusals = new Counter({
    name: `${PREFIX}portal_refusals_total`,
    help: 'Refusals of the portal: limit requests is QUERY_LIMIT_EXCEEDED, operating is OPERATION_TIME_LIMIT.',
    labelNames: ['portal', 'limit'],
    registers,
  });
  const requestsLeft = new Gauge({
    name: `${PREFIX}portal_requests_left`,
    help: 'Requests that may leave at once, as far as this process knows. Absent where requests are not limited.',
    labelNames: ['portal'],
    registers,
  });
  const operatingLeft = new Gauge({
    name: `${PREFIX}portal_operating_seconds_left`,
    help: 'Execution time left in this window to the method that has the least, as far as this process knows.',
    labelNames: ['portal'],
    registers,
  });

  const portals = new LRUCache<string, Seen | 'no state yet'>({
    max: maxPortals,
    dispose(_seen, portal, reason) {
      if (reason !== 'evict') return;
      waits.remove({ portal });
      for (const limit of LIMITS) {
        turnedAway.remove({ portal, limit });
        refusals.remove({ portal, limit });
      }
    },
  });

  /** Adds the portal if it is new. */
  function labelOf({ host }: LimitedPortal): string {
    if (portals.get(host) === undefined) add(host, 'no state yet');
    return host;
  }

  function add(portal: string, seen: Seen | 'no state yet'): void {
    portals.set(portal, seen);
    // Initialised to 0, so that Prometheus' increase() sees the first event.
    for (const limit of LIMITS) {
      turnedAway.inc({ portal, limit }, 0);
      refusals.inc({ portal, limit }, 0);
    }
  }

  return {
    limiter: {
      waited: (portal, ms) => waits.observe({ portal: labelOf(portal) }, seconds(ms)),
      turnedAway: (portal, limit) => turnedAway.inc({ portal: labelOf(portal), limit }),
      refused: (portal, limit) => refusals.inc({ portal: labelOf(portal), limit }),
      looked({ host }, roomIn) {
        const seen = { at: performance.now(), roomIn };
        if (portals.has(host)) portals.set(host, seen);
        else add(host, seen);
      },
    },
    update() {
      requestsLeft.reset();
      operatingLeft.reset();
      for (const [portal, seen] of portals.entries()) {
        if (seen === 'no state yet') continue;
        const { requests, operatingSeconds } = seen.roomIn(performance.now() - seen.at);
        if (requests !== null) requestsLeft.set({ portal }, requests);
        if (operatingSeconds !== null) operatingLeft.set({ portal }, operatingSeconds);
      }
    },
  };
}
