import type { RecordedRequest } from '../../emulator/index.ts';
import type { World } from '../../test/chaos/harness/world.ts';
import type { Incident } from './incidents.ts';

/** A signed-in user was sent to the portal to authorize again. */
export interface LostTokenFamily {
  userId: number;
  at: number;
  /**
   * false: the authorization server had rotated the token, and the replica that waited for the answer was killed
   * (refresh.md section 6).
   */
  isAvoidable: boolean;
}

/** Time for the answer to arrive and for the replica to store it. */
const STORE_DELAY_MS = 1_000;
const LOOK_EVERY_MS = 500;

/** Refresh requests that the authorization server received. */
export interface Refreshes {
  asked: RecordedRequest[];
  /** Classifies the loss of a token family that was just observed. */
  judge(userId: number, incidents: Incident[]): LostTokenFamily;
  stop(): void;
}

/** Copies the records regularly, because the emulator deletes old ones. */
export function watchRefreshes({ emulator }: World): Refreshes {
  const asked: RecordedRequest[] = [];
  let lastId = 0;

  function look(): void {
    const news = emulator.requests.filter(({ id }) => id > lastId);
    lastId = news.at(-1)?.id ?? lastId;
    asked.push(...news.filter(({ grantType }) => grantType === 'refresh_token'));
  }

  const looking = setInterval(look, LOOK_EVERY_MS);
  return {
    asked,
    judge(userId, incidents) {
      look();
      const granted = asked.filter((each) => each.userId === userId && each.error === undefined).at(-1);
      const begunAt = granted?.at.getTime() ?? Number.POSITIVE_INFINITY;
      const storedBy = begunAt + (granted?.durationMs ?? 0) + STORE_DELAY_MS;
      const wasInFlight = incidents.some(({ killedAt = 0 }) => begunAt <= killedAt && killedAt <= storedBy);
      return { userId, at: Date.now(), isAvoidable: !wasInFlight };
    },
    stop() {
      clearInterval(looking);
      look();
    },
  };
}
