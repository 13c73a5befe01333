/** The execution time of one method, as an answer reports it (protocol 4, 5). Every part of it may be missing. */
export interface OperatingReport {
  /** `operating`: seconds used in the window, this call included. Null where a portal does not count. */
  operating: number | null;
  /** Until the oldest part of the window falls out. */
  resetInMs: number;
  /** How long ago the call was carried out. */
  agoMs: number;
  /** Of one call, if the answer shows it. */
  costSeconds: number | null;
  /** When it was counted, in seconds by the portal's clock: of two reports the later one is right. */
  toldAt: number | null;
}

/**
 * Reads the `time` of the commands of one method, in their order.
 *
 * Instants are compared with each other only, never with our clock: those of portals may be off.
 *
 * @param times     `time`, or what `result_time` holds for each command
 * @param finishAt  `time.finish` of the whole answer, in seconds
 */
export function readOperating(times: unknown[], finishAt: number | undefined): OperatingReport {
  const steps = times.flatMap((time) => readTime(time) ?? []);
  const last = steps.at(-1);
  if (last === undefined) return { operating: null, resetInMs: 0, agoMs: 0, costSeconds: null, toldAt: null };
  const now = finishAt ?? last.finish;
  const increments = steps.slice(1).map((step, index) => step.operating - (steps[index]?.operating ?? 0));
  // A part of the window may have fallen out in between.
  const costs = increments.filter((seconds) => seconds >= 0);
  return {
    operating: last.operating,
    resetInMs: Math.max(0, (last.resetAt - now) * 1000),
    agoMs: Math.max(0, (now - last.finish) * 1000),
    costSeconds: costs.length > 0 ? Math.max(...costs) : last.operating === 0 ? 0 : null,
    toldAt: last.finish,
  };
}

/** The `finish` of an answer, in seconds since the epoch by the portal's clock. */
export function readFinish(time: unknown): number | undefined {
  return asNumber(fieldOf(time, 'finish'));
}

function readTime(time: unknown): { operating: number; resetAt: number; finish: number } | undefined {
  const [operating, resetAt, finish] = ['operating', 'operating_reset_at', 'finish'].map((name) =>
    asNumber(fieldOf(time, name)),
  );
  if (operating === undefined || resetAt === undefined || finish === undefined) return undefined;
  return { operating, resetAt, finish };
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

/** Later than any clock shows, and far below Number.MAX_SAFE_INTEGER. */
const MOST_SECONDS = 1e12;

function asNumber(value: unknown): number | undefined {
  return typeof value === 'number' && value >= 0 && value <= MOST_SECONDS ? value : undefined;
}
