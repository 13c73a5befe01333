import type { ServerZone } from '../server-zone.ts';

/** What conditions depend on besides the rows. */
export interface FilterContext {
  zone: ServerZone;
  /** Milliseconds since 1970; the value `NOW` means this instant. */
  nowMs: number;
  /** The switch of this name. */
  userFieldInFails: boolean;
}
