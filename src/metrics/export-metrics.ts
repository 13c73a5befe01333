import { Counter, Gauge, type Registry } from 'prom-client';
import type { ExportObserver } from '../exports/jobs/work.ts';
import { PREFIX } from './names.ts';

const OUTCOMES = ['done', 'failed', 'waiting', 'cancelled', 'stopping', 'lost'];

/** Work on exports in this process. */
export function measureExports(registry: Registry): ExportObserver {
  const registers = [registry];
  const running = new Gauge({
    name: `${PREFIX}exports_running`,
    help: 'Exports that this process works on.',
    registers,
  });
  const ended = new Counter({
    name: `${PREFIX}exports_ended_total`,
    help: 'Work on exports that ended: done, failed, waiting (for the person), cancelled; stopping and lost (another process goes on).',
    labelNames: ['outcome'],
    registers,
  });
  for (const outcome of OUTCOMES) ended.inc({ outcome }, 0);
  return {
    began: () => running.inc(),
    ended(outcome) {
      running.dec();
      ended.inc({ outcome });
    },
  };
}
