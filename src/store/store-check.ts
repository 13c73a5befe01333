import type { Logger } from '../log.ts';
import type { Store } from './store.ts';
import { warningsOf } from './store-report.ts';

/**
 * To be called whenever the store becomes reachable. The first time, settings of the store that can lose sign-ins are
 * logged.
 */
export function createStoreCheck(store: Store, logger: Logger): () => void {
  let isDone = false;

  async function check(): Promise<void> {
    const warnings = warningsOf(await store.describe());
    for (const { wrong, remedy } of warnings) logger.warn({ remedy }, wrong);
  }

  return () => {
    if (isDone) return;
    isDone = true;
    check().catch(() => {
      isDone = false;
    });
  };
}
