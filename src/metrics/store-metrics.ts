import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Readiness } from '../web/health.ts';
import type { StoreObserver } from './measured-store.ts';
import { PREFIX, seconds } from './names.ts';

/** From memory next door to the second after which a store counts as away. */
const BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 1];

export interface StoreMetrics {
  observer: StoreObserver;
  /** Says how things are just now. */
  update(readiness: Readiness): void;
}

/** How the store does, and whether the process can serve with it. */
export function measureStore(registry: Registry): StoreMetrics {
  const registers = [registry];
  const took = new Histogram({
    name: `${PREFIX}store_operation_duration_seconds`,
    help: 'Operations of the store, those that failed included.',
    labelNames: ['operation'],
    buckets: BUCKETS,
    registers,
  });
  const failures = new Counter({
    name: `${PREFIX}store_failures_total`,
    help: 'Operations that failed because the store was away or refused to write.',
    labelNames: ['operation'],
    registers,
  });
  const gauge = (name: string, help: string) => new Gauge({ name: PREFIX + name, help, registers });
  const isReachable = gauge('store_reachable', '1 when the store took a write just now, else 0.');
  const areUnsaved = gauge(
    'tokens_unsaved',
    '1 while new tokens are held in memory that the store has not taken yet.',
  );
  const isReady = gauge('ready', '1 when /readyz would answer 200, else 0.');
  return {
    observer: {
      took: (operation, ms) => took.observe({ operation }, seconds(ms)),
      failed: (operation) => failures.inc({ operation }),
    },
    update({ isStopping, isStoreWritable, areTokensSaved }) {
      isReachable.set(Number(isStoreWritable));
      areUnsaved.set(Number(!areTokensSaved));
      isReady.set(Number(!isStopping && isStoreWritable && areTokensSaved));
    },
  };
}
