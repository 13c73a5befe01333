import type { PortalUserId } from '../portal-user.ts';
import { randomId } from '../random-id.ts';
import { portalUserKey } from '../store/records.ts';
import type { Store } from '../store/store.ts';
import { type Epochs, MAX_AGE_MS } from './answer-cache.ts';

/** From when on answers may be shown to a portal user: one record per user, which all replicas read. */
export function createEpochs(store: Store): Epochs {
  const keyOf = (user: PortalUserId) => portalUserKey('epoch', user);
  return {
    current: async (user) => (await store.get(keyOf(user))) ?? '',
    async begin(user) {
      const epoch = randomId(9);
      // Answers from before it are too old by the time it lapses.
      await store.set(keyOf(user), epoch, MAX_AGE_MS);
      return epoch;
    },
  };
}
