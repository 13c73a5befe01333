import type session from 'express-session';
import { collectDefaultMetrics, Registry } from 'prom-client';
import type { Store } from '../store/store.ts';
import type { Readiness } from '../web/health.ts';
import { measureApplication } from './application-metrics.ts';
import { measureStore, watchSessions, watchStore } from './measured-store.ts';
import type { Observers } from './observers.ts';
import { measurePortals } from './portal-metrics.ts';

/** The metrics of one application. */
export interface Metrics {
  observers: Observers;
  /** The same stores, watched. */
  watchStores<Stores extends { store: Store; sessionStore: session.Store }>(stores: Stores): Stores;
  /** Content type of `exposition`. */
  contentType: string;
  /**
   * All metrics as Prometheus reads them, as of now.
   *
   * @param readiness  as `/readyz` reports it
   */
  exposition(readiness: Readiness): Promise<string>;
}

/**
 * Measures in a registry of its own, so that one process can have several applications.
 *
 * Labels have few values, whatever visitors and portals send: outcomes and codes of ours, patterns of routes, hosts of portals
 * up to a bound. None identifies a portal user.
 */
export function createMetrics(): Metrics {
  const registry = new Registry();
  measureProcess(registry);
  const portals = measurePortals(registry);
  const stores = measureStore(registry);
  return {
    observers: { ...measureApplication(registry), limiter: portals.limiter },
    watchStores: (opened) => ({
      ...opened,
      store: watchStore(opened.store, stores.observer),
      sessionStore: watchSessions(opened.sessionStore, stores.observer),
    }),
    contentType: registry.contentType,
    exposition(readiness) {
      stores.update(readiness);
      portals.update();
      return registry.metrics();
    },
  };
}

/** Gauges that prom-client names like counters; `nodejs_active_resources` and the like say the same by type. */
const MISNAMED = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
];

function measureProcess(registry: Registry): void {
  collectDefaultMetrics({ register: registry });
  for (const name of MISNAMED) registry.removeSingleMetric(name);
}
