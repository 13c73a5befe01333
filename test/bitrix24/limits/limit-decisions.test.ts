import { describe, expect, it } from '@jest/globals';
import {
  type Decision,
  decide,
  forecastMethod,
  noteRefusedMethod,
  noteRefusedRequest,
  type PendingRequest,
  type PortalLimits,
  roomOf,
  settle,
} from '../../../src/bitrix24/limits/limit-decisions.ts';
import {
  type LimitRecord,
  NO_LIMIT_RECORD,
  refreshRecord,
} from '../../../src/bitrix24/limits/limit-record.ts';
import { UNUSED } from '../../../src/bitrix24/limits/operating-budget.ts';

const NOW = 1_790_000_000_000;
const LIST = 'crm.company.list';
const LIMITS: PortalLimits = {
  requests: { burst: 50, perSecond: 2 },
  operating: { budgetSeconds: 420, windowSeconds: 600 },
};
const WITHOUT_REQUEST_LIMIT: PortalLimits = { ...LIMITS, requests: undefined };

const aRequest = (overrides: Partial<PendingRequest> = {}): PendingRequest => ({
  id: 'one',
  cost: { calls: new Map([[LIST, 1]]) },
  kind: 'person',
  maxWaitMs: 1_000,
  ...overrides,
});
const aRecord = (overrides: Partial<LimitRecord> = {}): LimitRecord => ({ ...NO_LIMIT_RECORD, ...overrides });
const full = aRecord({ bucket: { level: 50, at: NOW } });
const used = (seconds: number) =>
  aRecord({ methods: { [LIST]: { ...UNUSED, costSeconds: 1, spent: [{ seconds, until: NOW + 60_000 }] } } });
const decisionOn = (record: LimitRecord, request: PendingRequest, limits = LIMITS): Decision =>
  decide(record, NOW, limits, request).result;

describe('decide()', () => {
  it('when there is room › permits the request, and books its place and its execution time', () => {
    const { next, result } = decide(NO_LIMIT_RECORD, NOW, LIMITS, aRequest());

    expect(result).toEqual({ kind: 'permit', startsInMs: 0, granted: 0 });
    expect(next).toMatchObject({
      bucket: { level: 1, at: NOW },
      methods: { [LIST]: { reserved: [{ id: 'one', seconds: 0.5 }] } },
    });
  });

  it('when the bucket is full › a person takes a place ahead, and background work waits', () => {
    expect(decisionOn(full, aRequest())).toEqual({ kind: 'permit', startsInMs: 1_000, granted: 0 });
    expect(decisionOn(full, aRequest({ kind: 'background' }))).toEqual({
      kind: 'wait',
      // Background work leaves five places to people.
      waitMs: 1_000 + 2_500,
      by: 'requests',
    });
  });

  it('when a person cannot wait › the record counts them, so that the next one is told a later moment', () => {
    const request = aRequest({ maxWaitMs: 0 });
    const first = decide(full, NOW, LIMITS, request);

    expect(first.result).toMatchObject({ kind: 'wait', waitMs: 1_000 });
    expect(decisionOn(first.next ?? full, request)).toMatchObject({ kind: 'wait', waitMs: 1_500 });
  });

  it('when the execution time is used up › waits for that, and takes no place in the bucket', () => {
    const { next, result } = decide(used(420), NOW, LIMITS, aRequest());

    expect(result).toEqual({ kind: 'wait', waitMs: 60_250, by: 'operating' });
    expect(next).toBe(undefined);
  });

  it('when a number of calls is a maximum › grants as many as the budget allows', () => {
    const cost = { calls: new Map([[LIST, 50]]), maxCallsOf: LIST };

    expect(decisionOn(used(417), aRequest({ cost }))).toMatchObject({ kind: 'permit', granted: 3 });
  });

  it('when the portal has no limits and the call no cost › changes nothing', () => {
    const free = aRecord({ methods: { [LIST]: { ...UNUSED, costSeconds: 0 } } });

    expect(decide(free, NOW, WITHOUT_REQUEST_LIMIT, aRequest()).next).toBe(undefined);
  });
});

describe('settle()', () => {
  it('without a report › ends the booking', () => {
    const booked = decide(NO_LIMIT_RECORD, NOW, LIMITS, aRequest()).next ?? NO_LIMIT_RECORD;

    const { next } = settle(booked, NOW, LIMITS.operating, {
      id: 'one',
      calls: new Map([[LIST, 1]]),
      reports: undefined,
    });

    expect(next?.methods[LIST]?.reserved).toEqual([]);
  });
});

describe('noteRefusedRequest()', () => {
  it('on a portal without a limit › gives it the usual one for ten minutes', () => {
    const refused = noteRefusedRequest(NO_LIMIT_RECORD, NOW, WITHOUT_REQUEST_LIMIT);

    const leftAfter = (ms: number) => roomOf(refused, NOW + ms, WITHOUT_REQUEST_LIMIT).requests;
    expect([leftAfter(0), leftAfter(5_000), leftAfter(10 * 60_000 + 1)]).toEqual([0, 9, null]);
  });
});

describe('noteRefusedMethod()', () => {
  it('blocks the method alone', () => {
    const refused = noteRefusedMethod(used(300), NOW, LIMITS.operating, LIST);

    expect(decisionOn(refused, aRequest())).toMatchObject({ kind: 'wait', by: 'operating' });
    expect(decisionOn(refused, aRequest({ cost: { calls: new Map([['user.get', 1]]) } })).kind).toBe(
      'permit',
    );
    expect(roomOf(refused, NOW, LIMITS).operatingSeconds).toBe(0);
  });
});

describe('forecastMethod()', () => {
  it('leaves a part of the budget to people, and knows nothing of a method that was not called', () => {
    const budgetSeconds = 420 * 0.96;

    expect(forecastMethod(used(100), LIMITS.operating, LIST)).toEqual({
      costSeconds: 1,
      freeSeconds: budgetSeconds - 100,
      budgetSeconds,
      windowSeconds: 600,
    });
    expect(forecastMethod(used(100), LIMITS.operating, 'user.get')).toBe(null);
  });
});

describe('refreshRecord()', () => {
  it('forgets what has fallen out of the window, and a bucket from before the clock went back', () => {
    const old = { ...used(100), bucket: { level: 9, at: NOW + 120_000 } };

    const fresh = refreshRecord(old, NOW + 61_000);

    expect(fresh.methods[LIST]?.spent).toEqual([]);
    expect(fresh.bucket.level).toBe(0);
  });
});
