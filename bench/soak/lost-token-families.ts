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
const POLL_EVERY_MS = 500;

/** Refresh requests that the authorization server received. */
export interface Refreshes {
  requests: RecordedRequest[];
  /** Classifies the loss of a token family that was just observed. */
  judge(userId: number, incidents: Incident[]): LostTokenFamily;
  stop(): void;
}

/** Copies the records regularly, because the emulator deletes old ones. */
export function watchRefreshes({ emulator }: World): Refreshes {
  const requests: RecordedRequest[] = [];
  let lastId = 0;

  function copyNewRecords(): void {
    const newRecords = emulator.requests.filter(({ id }) => id > lastId);
    lastId = newRecords.at(-1)?.id ?? lastId;
    requests.push(...newRecords.filter(({ grantType }) => grantType === 'refresh_token'));
  }

  const polling = setInterval(copyNewRecords, POLL_EVERY_MS);
  return {
    requests,
    judge(userId, incidents) {
      copyNewRecords();
      const granted = requests.filter((each) => each.userId === userId && each.error === undefined).at(-1);
      const begunAt = granted?.at.getTime() ?? Number.POSITIVE_INFINITY;
      const storedBy = begunAt + (granted?.durationMs ?? 0) + STORE_DELAY_MS;
      const wasInFlight = incidents.some(({ killedAt = 0 }) => begunAt <= killedAt && killedAt <= storedBy);
      return { userId, at: Date.now(), isAvoidable: !wasInFlight };
    },
    stop() {
      clearInterval(polling);
      copyNewRecords();
    },
  };
}
