import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { BrokenOff, Claim, LEASE_MS } from '../../../src/exports/jobs/claim.ts';
import { type ExportJob, jobKey, NOTHING_YET } from '../../../src/exports/jobs/export-job.ts';
import { ExportRecords } from '../../../src/exports/jobs/export-records.ts';
import { createClock } from '../../support/clock.ts';
import { STORE_KINDS } from '../../support/start-app.ts';
import { openTestStore, type TestStore } from '../../support/stores.ts';
import { anOwner, aRequest, newClientId } from '../support.ts';

let taken: Claim[] = [];
afterEach(async () => {
  await Promise.all(taken.map((claim) => claim.end(() => ({ state: 'queued' }))));
  taken = [];
});

describe.each(STORE_KINDS)('a claim on the %s store', (kind) => {
  let store: TestStore;
  let records: ExportRecords;
  beforeEach(async () => {
    store = await openTestStore(kind);
    records = new ExportRecords(store.store, newClientId());
  });
  afterEach(async () => {
    await Promise.all(taken.map((claim) => claim.end(() => ({ state: 'queued' }))));
    taken = [];
    await store.close();
  });

  it('when ten processes want a job at once › one gets it', async () => {
    const job = await aJob(records);

    const claims = await Promise.all(Array.from({ length: 10 }, (_, n) => take(job, `process ${n}`)));

    expect(claims.filter((claim) => claim !== undefined).length).toBe(1);
  });

  it('when its process has died › can be taken by another after ten seconds, not before', async () => {
    const job = await aJob(records);
    await abandoned(job);

    const early = await take(job, 'another');
    await expireLease(job);
    const late = await take(job, 'another');

    expect([early, late?.job.lease?.holder]).toEqual([undefined, 'another']);
  });

  it('when it is let go › can be taken at once, from where it was', async () => {
    const job = await aJob(records);
    const first = await take(job, 'one');
    await first?.save({ rows: 50, checkpoint: { ...NOTHING_YET, rows: 50, resumeToken: 'here' } });
    await first?.end(() => ({ state: 'queued' }));

    const second = await take(job, 'two');

    expect(second?.job).toMatchObject({ rows: 50, checkpoint: { resumeToken: 'here' }, state: 'running' });
  });

  it('when another process has taken over › writes nothing any more, and stops', async () => {
    const job = await aJob(records);
    const asleep = await take(job, 'asleep');
    await expireLease(job);
    await take(job, 'another');

    const writing = asleep?.save({ rows: 1 });

    await expect(writing).rejects.toMatchObject({ why: 'lost' });
    expect(asleep?.signal.reason).toBeInstanceOf(BrokenOff);
    expect(await asleep?.end(() => ({ state: 'done' }))).toBe(false);
    expect((await records.load(job))?.lease?.holder).toBe('another');
  });

  it('when the job is cancelled › breaks off at its next look', async () => {
    const job = await aJob(records);
    const claim = await take(job, 'one');
    const heard = new Promise((resolve) => claim?.signal.addEventListener('abort', resolve));

    await records.change(job, (current) => ({ ...current, state: 'cancelled' }));
    const looks = jest.spyOn(store.store, 'get');
    await heard;

    // It looks every 400 ms, and people are promised a second.
    const looksAtJob = looks.mock.calls.filter(([key]) => key === jobKey(job));
    expect(looksAtJob.length).toBeLessThanOrEqual(1);
    expect(claim?.signal.reason).toMatchObject({ why: 'cancelled' });
  });

  it('when the job is forgotten › breaks off as after a cancel', async () => {
    const job = await aJob(records);
    const claim = await take(job, 'one');
    const heard = new Promise((resolve) => claim?.signal.addEventListener('abort', resolve));

    await records.forget(job);
    await heard;

    expect(claim?.signal.reason).toMatchObject({ why: 'cancelled' });
  });

  it('when its owner has two that run › the third waits its turn', async () => {
    const owner = anOwner({ memberId: randomBytes(8).toString('hex') });
    const jobs = [await aJob(records, owner), await aJob(records, owner), await aJob(records, owner)];
    const others = await aJob(records);

    const [one, two, three, other] = [
      ...(await Promise.all(jobs.map((job) => take(job, `for ${job.id}`)))),
      await take(others, 'for another person'),
    ];

    const running = [one, two, three].filter((claim) => claim !== undefined);
    expect([running.length, other === undefined]).toEqual([2, false]);
    await running[0]?.end(() => ({ state: 'failed' }));
    const waiting = jobs.find(({ id }) => running.every((claim) => claim.job.id !== id));
    expect(waiting && (await take(waiting, 'in the end'))).toBeDefined();
  });

  it('when it tells how far it is › that is written within two seconds', async () => {
    const job = await aJob(records);
    const claim = await take(job, 'one');
    claim?.reportBy(async () => ({ rows: 123 }));

    await new Promise((resolve) => setTimeout(resolve, 1_500));

    expect((await records.load(job))?.rows).toBe(123);
  });

  async function take(job: ExportJob, holder: string): Promise<Claim | undefined> {
    const claim = await Claim.take(job, records, holder);
    if (claim) taken.push(claim);
    return claim;
  }

  /** As a process leaves it that was killed. */
  async function abandoned(job: ExportJob): Promise<void> {
    await records.takeTurn(job, LEASE_MS);
    await records.change(job, (current, now) => ({
      ...current,
      state: 'running',
      lease: { holder: 'dead', until: now + LEASE_MS },
    }));
  }

  /** Ten seconds, without waiting. */
  async function expireLease(job: ExportJob): Promise<void> {
    await records.change(job, (current) => ({
      ...current,
      lease: current.lease && { ...current.lease, until: current.lease.until - LEASE_MS },
    }));
  }
});

async function aJob(records: ExportRecords, owner = anOwner({ memberId: randomBytes(8).toString('hex') })) {
  const job: ExportJob = {
    ...aRequest({ owner }),
    v: 1,
    id: randomBytes(16).toString('base64url'),
    state: 'queued',
    rows: 0,
    total: null,
    checkpoint: NOTHING_YET,
    secondsLeft: null,
    trouble: null,
    createdAt: createClock().now(),
    endedAt: null,
    expiresAt: null,
    fileBytes: null,
    lease: null,
  };
  await records.create(job);
  return job;
}
