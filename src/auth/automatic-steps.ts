import { createHash } from 'node:crypto';
import { z } from 'zod';
import { createRecords } from '../store/records.ts';
import { KEY_PREFIX, type Store } from '../store/store.ts';

/** What a page may do by itself, and how often a minute for one address and one browser. */
const LIMITS = {
  /** Through the portal's authorization page and back. */
  reauthorization: 2,
  /** The same address again, while the access token is being refreshed. */
  reload: 3,
};

/** As the counted text names the kinds; stored records hold its hash. */
const COUNTED_AS = { reauthorization: 'trip', reload: 'reload' } as const;

const WINDOW_MS = 60_000;
/** Addresses of one browser that are counted at the same time. */
const MAX_STEPS = 50;

/** Counts what pages do by themselves, so that none of it becomes a loop. What a person starts is not counted. */
export interface AutomaticSteps {
  /**
   * Counts one more, if one is left.
   *
   * @param binding  of the browser's session; a browser without one is at its first step
   */
  allow(kind: keyof typeof LIMITS, binding: string | undefined, address: string): Promise<boolean>;
}

const Steps = z.array(z.object({ what: z.string(), at: z.number() }));
type Steps = z.infer<typeof Steps>;

export function createAutomaticSteps({ store, now }: { store: Store; now: () => number }): AutomaticSteps {
  const records = createRecords<string, Steps>(store, {
    key: (binding) => `${KEY_PREFIX}automatic:${hash(binding)}`,
    shape: Steps,
    empty: [],
    lifetimeMs: WINDOW_MS,
  });
  return {
    async allow(kind, binding, address) {
      if (binding === undefined) return true;
      const what = hash(`${COUNTED_AS[kind]} ${address}`);
      return records.change(binding, (steps) => {
        const recent = steps.filter(({ at }) => now() - at < WINDOW_MS);
        const isLeft = recent.filter((step) => step.what === what).length < LIMITS[kind];
        if (!isLeft) return { result: false };
        return { next: [...recent, { what, at: now() }].slice(-MAX_STEPS), result: true };
      });
    },
  };
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
