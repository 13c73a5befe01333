import { LimitRecord, NO_LIMIT_RECORD } from '../../src/bitrix24/limits/limit-record.ts';
import type { LimitRecords } from '../../src/bitrix24/limits/shared-limits.ts';
import { parseRecord } from '../../src/store/records.ts';

export interface TestLimitRecords extends LimitRecords {
  /** How often a record was read. */
  trips: number;
  /** How often a record was written. */
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
      const record = parseRecord(LimitRecord, texts.get(memberId) ?? null) ?? NO_LIMIT_RECORD;
      const { next, result } = decide(record, now());
      if (next !== undefined) {
        this.writes += 1;
        texts.set(memberId, JSON.stringify(next));
      }
      return result;
    },
  };
}
