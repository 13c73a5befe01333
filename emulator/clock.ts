/** The emulator's own time: the machine's (or the test's) clock, plus whatever was advanced on top of it. */
export interface Clock {
  /** Milliseconds since 1970, as everything timed in the emulator sees them. */
  now(): number;
  /** Moves the clock forward, so that a test waits for no code, token or limit. */
  advance(ms: number): void;
}

export function createClock(base: () => number): Clock {
  let advancedMs = 0;
  return {
    now: () => base() + advancedMs,
    advance: (ms) => {
      advancedMs += ms;
    },
  };
}

/** Unix time in whole seconds, as `expires` of the token response carries it (section 2.3). */
export function toUnixSeconds(ms: number): number {
  return Math.floor(ms / 1000);
}

/**
 * An instant as Bitrix24 writes it: ISO 8601, whole seconds, with the portal's own offset (section 4).
 *
 * @param utcOffset  `+03:00`, `-05:30`
 */
export function toIsoWithOffset(ms: number, utcOffset: string): string {
  const shifted = new Date(ms + offsetToMs(utcOffset));
  return `${shifted.toISOString().slice(0, 19)}${utcOffset}`;
}

export function offsetToMs(utcOffset: string): number {
  const [hours = '0', minutes = '0'] = utcOffset.slice(1).split(':');
  const ms = (Number(hours) * 60 + Number(minutes)) * 60_000;
  return utcOffset.startsWith('-') ? -ms : ms;
}
