/** One line of the doctor's report. */
export interface Finding {
  level: 'ok' | 'warning' | 'problem';
  what: string;
  /** The records, hosts or clocks that it is about. */
  which?: string[];
  /** What to do. */
  remedy?: string;
}

/** Enough for an operator to see a pattern; the rest is counted. */
export const MOST_LISTED = 20;

export function ok(what: string): Finding {
  return { level: 'ok', what };
}

export function warning(what: string, remedy: string, which: string[] = []): Finding {
  return { level: 'warning', what, which, remedy };
}

export function problem(what: string, remedy: string, which: string[] = []): Finding {
  return { level: 'problem', what, which, remedy };
}

/** `1 record`, `2 records`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

/** Findings of each level beyond the first twenty become one line. */
export function shortened(findings: Finding[]): Finding[] {
  return (['problem', 'warning', 'ok'] as const).flatMap((level) => {
    const all = findings.filter((finding) => finding.level === level);
    const left = all.length - MOST_LISTED;
    return left > 0 ? [...all.slice(0, MOST_LISTED), { level, what: `… and ${left} more like these` }] : all;
  });
}
