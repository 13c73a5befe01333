import { z } from 'zod';
import { type MethodUse, refreshUse, UNUSED } from './operating-budget.ts';
import { EMPTY_BUCKET, sinceReset } from './request-bucket.ts';

const Level = z.object({ level: z.number(), at: z.number() });
const Part = z.object({ seconds: z.number(), until: z.number() });
const Use = z.object({
  spent: z.array(Part),
  reserved: z.array(Part.extend({ id: z.string() })),
  costSeconds: z.number().nullable(),
  blockedUntil: z.number(),
  budgetSeconds: z.number().nullable(),
  toldAt: z.number().nullable().default(null),
});

/** What is known of the limits of one portal. Instants are milliseconds since the epoch on the store's clock. */
export const LimitRecord = z.object({
  v: z.literal(1),
  /** Requests that were sent. */
  bucket: Level,
  /** Requests of people that were turned away. */
  queue: Level,
  /** Until then a portal that refused a request is taken to have the usual limit, though none is configured. */
  learntUntil: z.number(),
  methods: z.record(z.string(), Use),
});
export type LimitRecord = z.infer<typeof LimitRecord>;

/** Stands for a record that does not exist or cannot be read. */
export const NO_LIMIT_RECORD: LimitRecord = {
  v: 1,
  bucket: EMPTY_BUCKET,
  queue: EMPTY_BUCKET,
  learntUntil: 0,
  methods: {},
};

/** The record without what has lapsed by now. */
export function refreshRecord(record: LimitRecord, now: number): LimitRecord {
  const methods = Object.entries(record.methods).map(([name, use]) => [name, refreshUse(use, now)]);
  return {
    ...record,
    bucket: sinceReset(record.bucket, now),
    queue: sinceReset(record.queue, now),
    methods: Object.fromEntries(methods),
  };
}

export function useOf(record: LimitRecord, method: string): MethodUse {
  return record.methods[method] ?? UNUSED;
}

export function withUse(
  record: LimitRecord,
  method: string,
  changeUse: (use: MethodUse) => MethodUse,
): LimitRecord {
  return { ...record, methods: { ...record.methods, [method]: changeUse(useOf(record, method)) } };
}
