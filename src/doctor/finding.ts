/** One thing that the doctor has to say. */
export interface Finding {
  level: 'ok' | 'warning' | 'problem';
  what: string;
  /** What it is about, one by one. */
  which?: string[];
  /** What to do. */
  remedy?: string;
}

/** Enough to see what is going on; nobody reads on after that. */
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

/** Those of each level beyond the first twenty become one line. */
export function shortened(findings: Finding[]): Finding[] {
  return (['problem', 'warning', 'ok'] as const).flatMap((level) => {
    const all = findings.filter((finding) => finding.level === level);
    const left = all.length - MOST_LISTED;
    return left > 0 ? [...all.slice(0, MOST_LISTED), { level, what: `… and ${left} more like these` }] : all;
  });
}
