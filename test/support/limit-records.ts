import type { LimitRecords } from '../../src/bitrix24/limits/rate-limiter.ts';

export interface TestLimitRecords extends LimitRecords {
  /** How often somebody came to read. */
  trips: number;
  /** How often somebody wrote. */
  writes: number;
  /** As it is stored: null without any. */
  read(memberId: string): string | null;
  put(memberId: string, text: string): void;
}

/** Records of limits in memory, whose clock is that of the test. Each trip takes a turn of the event loop. */
export function createTestLimitRecords(now: () => number = Date.now): TestLimitRecords {
  const texts = new Map<string, string>();
  return {
    trips: 0,
    writes: 0,
    read: (memberId) => texts.get(memberId) ?? null,
    put(memberId, text) {
      texts.set(memberId, text);
    },
    async change(memberId, decide) {
      this.trips += 1;
      await Promise.resolve();
      const { write, result } = decide(texts.get(memberId) ?? null, now());
      if (write !== undefined) {
        this.writes += 1;
        texts.set(memberId, write);
      }
      return result;
    },
  };
}
