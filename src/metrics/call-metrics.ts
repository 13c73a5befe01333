import { Histogram, type Registry } from 'prom-client';
import { PREFIX, seconds } from './names.ts';
import type { Observers } from './observers.ts';

/** Up to the deadlines of people (15 s) and of a refresh that is listened to (65 s). */
const BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 15, 65];

/** Our calls to others. */
export function measureCalls(registry: Registry): Pick<Observers, 'restCall' | 'tokenCall'> {
  const calls = new Histogram({
    name: `${PREFIX}call_duration_seconds`,
    help: 'Calls to portals (rest) and authorization servers (token) by outcome: ok, or a word for what went wrong.',
    labelNames: ['kind', 'outcome'],
    buckets: BUCKETS,
    registers: [registry],
  });
  for (const kind of ['rest', 'token']) calls.zero({ kind, outcome: 'ok' });
  // So that the first one is an increase too.
  calls.zero({ kind: 'token', outcome: 'app_misconfigured' });
  return {
    restCall: (outcome, ms) => calls.observe({ kind: 'rest', outcome }, seconds(ms)),
    tokenCall: (outcome, ms) => calls.observe({ kind: 'token', outcome }, seconds(ms)),
  };
}
