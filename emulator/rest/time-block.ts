import { type Clock, toIsoWithOffset } from '../clock.ts';
import type { Portal } from '../portal/portal.ts';

/** `time` of an answer (section 4). */
export interface TimeBlock {
  start: number;
  finish: number;
  duration: number;
  processing: number;
  date_start: string;
  date_finish: string;
  operating_reset_at?: number;
  operating?: number;
}

/** Starts measuring; the returned function stops. Durations are real time, instants are emulator clock time. */
export function startTimeBlock(clock: Clock, { serverZone }: Pick<Portal, 'serverZone'>): () => TimeBlock {
  const startMs = clock.now();
  const startedAt = performance.now();
  return () => {
    const durationMs = performance.now() - startedAt;
    const finishMs = startMs + durationMs;
    return {
      start: startMs / 1000,
      finish: finishMs / 1000,
      duration: durationMs / 1000,
      processing: durationMs / 1000,
      date_start: toIsoWithOffset(startMs, serverZone),
      date_finish: toIsoWithOffset(finishMs, serverZone),
    };
  };
}
