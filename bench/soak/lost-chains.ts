import type { RecordedRequest } from '../../emulator/index.ts';
import type { World } from '../../test/chaos/harness/world.ts';
import type { Trouble } from './trouble.ts';

/** Somebody had to go through the portal although they were signed in. */
export interface LostChain {
  userId: number;
  at: number;
  /** refresh.md section 6: the authorization server had decided, and the process that was to hear of it was killed. */
  isAvoidable: boolean;
}

/** Between the answer's way to us and our write. */
const ON_THE_WAY_MS = 1_000;
const LOOK_EVERY_MS = 500;

/** The refreshes that the authorization server was asked for, and what can be told from them. */
export interface Refreshes {
  asked: RecordedRequest[];
  /** Why somebody's chain ended just now. */
  judge(userId: number, troubles: Trouble[]): LostChain;
  stop(): void;
}

/** Looks regularly, because the emulator forgets. */
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
    judge(userId, troubles) {
      look();
      const granted = asked.filter((each) => each.userId === userId && each.error === undefined).at(-1);
      const begunAt = granted?.at.getTime() ?? Number.POSITIVE_INFINITY;
      const storedBy = begunAt + (granted?.durationMs ?? 0) + ON_THE_WAY_MS;
      const wasInFlight = troubles.some(({ killedAt = 0 }) => begunAt <= killedAt && killedAt <= storedBy);
      return { userId, at: Date.now(), isAvoidable: !wasInFlight };
    },
    stop() {
      clearInterval(looking);
      look();
    },
  };
}
