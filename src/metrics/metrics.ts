import type session from 'express-session';
import { collectDefaultMetrics, Registry } from 'prom-client';
import type { Store } from '../store/store.ts';
import type { Readiness } from '../web/health.ts';
import { measureCalls } from './call-metrics.ts';
import { measureExports } from './export-metrics.ts';
import { watchSessions, watchStore } from './measured-store.ts';
import type { Observers } from './observers.ts';
import { measurePortals } from './portal-metrics.ts';
import { measureStore } from './store-metrics.ts';
import { measureRefreshes } from './token-metrics.ts';
import { measureVisitors } from './visitor-metrics.ts';

/** What is measured of one application. */
export interface Metrics {
  observers: Observers;
  /** The same stores, watched. */
  watchStores<Stores extends { store: Store; sessionStore: session.Store }>(stores: Stores): Stores;
  /** Of `exposition`: what a scraper is told that it gets. */
  contentType: string;
  /**
   * All of it as Prometheus reads it, up to this moment.
   *
   * @param readiness  what `/readyz` goes by
   */
  exposition(readiness: Readiness): Promise<string>;
}

/**
 * Measures in a registry of its own, so that one process can have several applications.
 *
 * Labels have few values, whatever visitors and portals send: outcomes and codes of ours, patterns of routes, hosts of portals
 * up to a bound. Nothing tells of a single person.
 */
export function createMetrics(): Metrics {
  const registry = new Registry();
  measureProcess(registry);
  const portals = measurePortals(registry);
  const stores = measureStore(registry);
  return {
    observers: {
      ...measureVisitors(registry),
      ...measureCalls(registry),
      refreshes: measureRefreshes(registry),
      limiter: portals.limiter,
      exports: measureExports(registry),
    },
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

/** Gauges that prom-client names like counters; `nodejs_active_resources` and its kin tell the same by type. */
const MISNAMED = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
];

function measureProcess(registry: Registry): void {
  collectDefaultMetrics({ register: registry });
  for (const name of MISNAMED) registry.removeSingleMetric(name);
}
