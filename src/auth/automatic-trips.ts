import { createHash } from 'node:crypto';
import { z } from 'zod';
import { KEY_PREFIX, type Store, update } from '../store/store.ts';

/** What a page may do by itself, and how often a minute for one address and one browser. */
const LIMITS = {
  /** Through the portal and back. */
  trip: 2,
  /** Once more to the same address, while access is being renewed. */
  reload: 3,
};

const WINDOW_MS = 60_000;
/** Addresses that one browser can be in trouble with at the same time. */
const MAX_STEPS = 50;

/** Counts what pages do by themselves, so that none of it becomes a loop. What a person starts is not counted. */
export interface AutomaticSteps {
  /**
   * Counts one more, if there is one left.
   *
   * @param binding  of the browser's session; a browser without one is at its first step
   */
  allow(kind: keyof typeof LIMITS, binding: string | undefined, address: string): Promise<boolean>;
}

const Steps = z.array(z.object({ what: z.string(), at: z.number() }));
type Steps = z.infer<typeof Steps>;

export function createAutomaticSteps(options: { store: Store; now: () => number }): AutomaticSteps {
  const { store, now } = options;
  return {
    async allow(kind, binding, address) {
      if (binding === undefined) return true;
      const what = hash(`${kind} ${address}`);
      const key = `${KEY_PREFIX}automatic:${hash(binding)}`;
      return update(store, key, WINDOW_MS, (current) => {
        const recent = parseSteps(current).filter(({ at }) => now() - at < WINDOW_MS);
        const isLeft = recent.filter((step) => step.what === what).length < LIMITS[kind];
        if (!isLeft) return { keep: true, result: false };
        const steps = [...recent, { what, at: now() }].slice(-MAX_STEPS);
        return { write: JSON.stringify(steps), result: true };
      });
    },
  };
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}

/** What cannot be read counts as nothing; the next step writes it anew. */
function parseSteps(text: string | null): Steps {
  try {
    return Steps.parse(JSON.parse(text ?? '[]'));
  } catch {
    return [];
  }
}
