import { existsSync, rmSync, statSync } from 'node:fs';
import { utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ALL_COMPANIES } from '../../src/bitrix24/crm/company-filter.ts';
import { JOB } from '../../src/bitrix24/rest/retry-policy.ts';
import type { Exports } from '../../src/exports/exports.ts';
import { ExportFiles } from '../../src/exports/jobs/export-files.ts';
import { ExportJob, jobKey } from '../../src/exports/jobs/export-job.ts';
import { ExportRecords } from '../../src/exports/jobs/export-records.ts';
import { Janitor } from '../../src/exports/jobs/janitor.ts';
import { TransportError } from '../../src/http-client/transport-errors.ts';
import { createLogger } from '../../src/log.ts';
import { parseRecord } from '../../src/store/records.ts';
import { newDataDir, STORE_KINDS_IN_TURN } from '../support/start-app.ts';
import { letTimersRun, stopTimers } from '../support/stopped-timers.ts';
import { openTestStore, type TestStore } from '../support/stores.ts';
import {
  type ExportWorld,
  filesBelow,
  idsIn,
  isDone,
  manyCompanies,
  newClientId,
  range,
  readResult,
  startExportWorld,
  untilJob,
} from './support.ts';

/** More than two full batches of pages. */
const MANY = 5_060;
/** For exports of which it does not matter how long they are. */
const FEW = 12;
const few = { filter: { ...ALL_COMPANIES, search: { by: 'title', text: 'one of few' } } } as const;
/** Of a kind that nobody who calls tries again by themselves. */
const BROKEN = { type: 'error', status: 500, error: 'SOMETHING_ELSE' } as const;

let world: ExportWorld;
beforeAll(async () => {
  world = await startExportWorld(
    manyCompanies(MANY).map((row, index) => (index < FEW ? { ...row, TITLE: 'One of few' } : row)),
  );
});
afterAll(() => world.stop());

describe.each(STORE_KINDS_IN_TURN)('exports on the %s store', (kind) => {
  let store: TestStore;
  let dataDir: string;
  let exports: Exports;
  let processes: Exports[];
  beforeEach(async () => {
    store = await openTestStore(kind);
    dataDir = newDataDir();
    processes = [];
    exports = process();
  });
  afterEach(async () => {
    letTimersRun();
    world.emulator.clearFaults();
    await Promise.all(processes.map((each) => each.stop()));
    for (const { id } of await exports.list(world.request().owner)) {
      await exports.forget({ owner: world.request().owner, id });
    }
    await store.close();
  });

  describe('when one is wanted', () => {
    it.each([
      ['csv', 'id', 'asc'],
      ['csv', 'id', 'desc'],
      ['xlsx', 'id', 'asc'],
    ] as const)('makes a %s by %s %s with every company, once', async (format, sort, order) => {
      exports.start();
      const job = await exports.begin(world.request({ format }, { sort, order }));

      const done = await untilJob(exports, job, isDone);

      const expected = range(1, MANY);
      expect(idsIn(await readResult(exports, job), format)).toEqual(
        order === 'asc' ? expected : expected.reverse(),
      );
      expect(done).toMatchObject({ rows: MANY, total: MANY, trouble: null, lease: null });
    });

    it('leaves nothing but the file, which other users of the machine cannot read', async () => {
      exports.start();
      const job = await exports.begin(world.request({}, { ...few, sort: 'title' }));

      await untilJob(exports, job, isDone);

      const folder = join(dataDir, 'exports', job.id);
      expect(filesBelow(dataDir).sort()).toEqual(['companies.csv', 'job']);
      expect([dataDir, join(dataDir, 'exports'), folder].slice(1).map(modeOf)).toEqual([0o700, 0o700]);
      expect(['companies.csv', 'job'].map((name) => modeOf(join(folder, name)))).toEqual([0o600, 0o600]);
    });

    it('keeps it for a day, and its record no longer', async () => {
      exports.start();
      const job = await exports.begin(world.request({}, few));

      const { endedAt, expiresAt } = await untilJob(exports, job, isDone);

      expect((expiresAt ?? 0) - (endedAt ?? 0)).toBe(24 * 3600_000);
      // The record says that it is done before its life is shortened; a stopped process has ended both.
      await exports.stop();
      const leftMs = await store.leftMs(jobKey(job));
      expect(leftMs).toBeLessThanOrEqual(24 * 3600_000);
      expect(leftMs).toBeGreaterThan(23 * 3600_000);
    });
  });

  describe('when the process stops in the middle', () => {
    it('another goes on with its first look, and no row is lost or there twice', async () => {
      const job = await inTheMiddle();

      await exports.stop();
      const [stopped] = await exports.list(job.owner);
      world.emulator.clearFaults();
      const next = process();
      // It looks when it starts, and does not get to look again.
      stopTimers('setInterval');
      next.start();
      await untilJob(next, job, ({ state }) => state !== 'queued');
      letTimersRun();

      expect(stopped).toMatchObject({ state: 'queued', lease: null });
      expect(stopped?.checkpoint.rows).toBeGreaterThan(0);
      await untilJob(next, job, isDone);
      expect(idsIn(await readResult(next, job), 'csv')).toEqual(range(1, MANY));
      expect(world.emulator.requests.length).toBeGreaterThan(0);
    });

    it('another that has other files begins anew', async () => {
      const job = await inTheMiddle();
      await exports.stop();

      world.emulator.clearFaults();
      const next = process({ dataDir: newDataDir() });
      next.start();
      await untilJob(next, job, isDone);

      expect(idsIn(await readResult(next, job), 'csv')).toEqual(range(1, MANY));
    });
  });

  it('when a process that was believed dead wakes up › what it writes does not get into the file', async () => {
    const job = await inTheMiddle();
    const asleep = await new ExportFiles(dataDir).create(job, 'rows-old');
    await store.store.set(jobKey(job), JSON.stringify(await lapsed(job)), 3600_000);

    const next = process();
    next.start();
    world.emulator.clearFaults();
    await asleep.write('{"id":999999}\n');
    await untilJob(next, job, isDone);

    expect(idsIn(await readResult(next, job), 'csv')).toEqual(range(1, MANY));
    await asleep.close();
  });

  describe('when it is cancelled', () => {
    it('stops while the portal still holds its answer back, and removes what there was', async () => {
      const job = await inTheMiddle();

      await exports.cancel(job);
      await untilGone(job);

      expect((await exports.list(job.owner)).map(({ state }) => state)).toEqual(['cancelled']);
    });

    // How soon it hears of that is shown in jobs/claim.test.ts.
    it('by another process stops while the portal still holds its answer back as well', async () => {
      const job = await inTheMiddle();

      await process().cancel(job);
      await untilGone(job);

      expect((await exports.list(job.owner)).map(({ state }) => state)).toEqual(['cancelled']);
    });
  });

  describe('when the portal is in trouble', () => {
    it('says so, and goes on as soon as it is well again', async () => {
      world.emulator.orderFault({ on: 'rest', effect: BROKEN, times: Number.POSITIVE_INFINITY });
      exports.start();
      const job = await exports.begin(world.request());

      const troubled = await untilJob(exports, job, ({ trouble }) => trouble !== null);
      world.emulator.clearFaults();
      const done = await untilJob(exports, job, isDone);

      expect(troubled).toMatchObject({ state: 'running', trouble: { code: 'portal_failed', reason: null } });
      expect(done.trouble).toBeNull();
      expect(idsIn(await readResult(exports, job), 'csv')).toEqual(range(1, MANY));
    });

    describe('and another portal too', () => {
      let areAway: boolean;
      let ours: Exports;
      let stuck: ExportJob[];
      beforeEach(async () => {
        areAway = true;
        const { memberId } = world.request().owner;
        ours = process({
          portals: {
            clientFor(job, signal) {
              if (job.owner.memberId === memberId || !areAway) return world.portals.clientFor(job, signal);
              throw new TransportError('away.example', 'ECONNREFUSED', { timedOut: false, neverSent: true });
            },
          },
        });
        ours.start();
        stuck = [];
        for (const name of ['one', 'one', 'another', 'another']) {
          const owner = { ...world.request().owner, memberId: `${name} ${world.clientId} ${kind}` };
          stuck.push(await ours.begin(world.request({ owner })));
        }
        for (const job of stuck) await untilJob(ours, job, ({ trouble }) => trouble !== null);
      });
      afterEach(() => Promise.all(stuck.map((job) => ours.forget(job))));

      it('the exports of a third are made all the same', async () => {
        const job = await ours.begin(world.request({}, few));

        expect((await untilJob(ours, job, isDone)).rows).toBe(FEW);
      });

      it('once both are well, no more than usual go on at a time, and in the end all are done', async () => {
        world.emulator.orderFault({
          on: 'rest',
          effect: { type: 'delay', ms: 1_500, when: 'before' },
          times: Number.POSITIVE_INFINITY,
        });
        areAway = false;

        const givenBack = await Promise.any(
          stuck.map((job) => untilJob(ours, job, ({ state }) => state === 'queued')),
        );
        world.emulator.clearFaults();

        expect(givenBack).toMatchObject({ lease: null, trouble: null });
        for (const job of stuck) expect((await untilJob(ours, job, isDone)).rows).toBe(MANY);
      });
    });

    it('for long, waits for the person, and goes on when they say so', async () => {
      const impatient = process({ retryPolicy: { ...JOB, giveUpAfterMs: 100, firstPauseMs: 20 } });
      world.emulator.orderFault({
        on: 'rest',
        effect: BROKEN,
        times: Number.POSITIVE_INFINITY,
      });
      impatient.start();
      const job = await impatient.begin(world.request());
      const waiting = await untilJob(impatient, job, ({ state }) => state === 'waiting');
      world.emulator.clearFaults();

      await new Promise((resolve) => setTimeout(resolve, 1_100));
      await impatient.resume(job);
      await untilJob(impatient, job, isDone);

      expect(waiting.trouble?.code).toBe('portal_failed');
      expect(idsIn(await readResult(impatient, job), 'csv')).toEqual(range(1, MANY));
    });

    it('because it forbids it, fails, and keeps no file', async () => {
      exports.start();
      const job = await exports.begin(world.request({ owner: { ...world.request().owner, userId: 9 } }));

      const failed = await untilJob(exports, job, ({ state }) => state === 'failed');

      expect(failed.trouble).toEqual({ code: 'access_denied', reason: 'crm' });
      await untilGone(job);
      await exports.forget(job);
    });
  });

  it('when the disk is full › fails with that, and removes what there was', async () => {
    const full = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    const create = ExportFiles.prototype.create;
    ExportFiles.prototype.create = async function (ref, name) {
      const file = await create.call(this, ref, name);
      file.write = async () => {
        throw full;
      };
      return file;
    };
    exports.start();
    const job = await exports.begin(world.request());

    const failed = await untilJob(exports, job, ({ state }) => state === 'failed');
    ExportFiles.prototype.create = create;

    expect(failed.trouble).toEqual({ code: 'disk_full', reason: null });
    await untilGone(job);
  });

  it('when little of the disk is left › fails before it is full', async () => {
    const careful = process({ leastFreeBytes: Number.MAX_SAFE_INTEGER });
    careful.start();
    const job = await careful.begin(world.request());

    const failed = await untilJob(careful, job, ({ state }) => state === 'failed');

    expect(failed.trouble).toEqual({ code: 'disk_full', reason: null });
    await untilGone(job);
  });

  it('when a portal makes two exports wait › those of another portal are made meanwhile', async () => {
    const stuckAt = 'f'.repeat(32);
    const patient = process({
      portals: {
        clientFor(job, signal) {
          if (job.owner.memberId !== stuckAt) return world.portals.clientFor(job, signal);
          return {
            batch: () => new Promise(() => {}),
            call: () => new Promise(() => {}),
          } as unknown as ReturnType<typeof world.portals.clientFor>;
        },
      },
    });
    patient.start();
    const owners = [1, 7, 8].map((userId) => ({ ...world.request().owner, memberId: stuckAt, userId }));
    for (const owner of owners) await patient.begin(world.request({ owner }));
    for (;;) {
      const stuck = (await Promise.all(owners.map((owner) => patient.list(owner)))).flat();
      if (stuck.filter(({ state }) => state === 'running').length === 2) break;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }

    const job = await patient.begin(world.request({}, few));

    expect((await untilJob(patient, job, isDone)).state).toBe('done');
    for (const owner of owners) await patient.forgetAll(owner);
  });

  it('when the portal’s outlook cannot be had › is made all the same', async () => {
    const unsure = process({
      portals: {
        forecastFor() {
          throw new Error('not a portal any more');
        },
      },
    });
    unsure.start();
    const job = await unsure.begin(world.request({}, few));

    const done = await untilJob(unsure, job, isDone);

    expect(done.rows).toBe(FEW);
  });

  it('when another application shares the store › its processes leave them alone', async () => {
    const job = await exports.begin(world.request());

    const [ours, theirs] = [world.clientId, newClientId()].map((id) => new ExportRecords(store.store, id));

    expect([await ours?.openJobs(), await theirs?.openJobs()]).toEqual([
      [{ owner: job.owner, id: job.id }],
      [],
    ]);
  });

  it('when the process died before it told the others › is found by a process that reads the list', async () => {
    const job = await exports.begin(world.request({}, few));
    await new ExportRecords(store.store, world.clientId).close(job);
    exports.start();

    await untilJob(exports, job, isDone);

    expect(idsIn(await readResult(exports, job), 'csv').length).toBe(FEW);
  });

  describe('the janitor', () => {
    it('when an export is gone › removes its folder, and no other', async () => {
      exports.start();
      const [kept, gone] = [
        await exports.begin(world.request({}, few)),
        await exports.begin(world.request({}, few)),
      ];
      for (const job of [kept, gone]) await untilJob(exports, job, isDone);
      await store.store.forget(jobKey(gone));

      await janitor(0).tidy();

      expect([kept, gone].map(({ id }) => existsSync(join(dataDir, 'exports', id)))).toEqual([true, false]);
    });

    it('when a folder has just been made › leaves it alone', async () => {
      const job = { ...(await exports.begin(world.request())), id: 'A'.repeat(22) };
      await new ExportFiles(dataDir).prepare(job);

      await janitor(60_000).tidy();
      const isLeft = existsSync(join(dataDir, 'exports', job.id));
      const old = new Date(Date.now() - 3600_000);
      await utimes(join(dataDir, 'exports', job.id), old, old);
      await janitor(60_000).tidy();

      expect([isLeft, existsSync(join(dataDir, 'exports', job.id))]).toEqual([true, false]);
    });

    it('when there is nothing at all › is content', async () => {
      rmSync(join(dataDir, 'exports'), { recursive: true, force: true });

      await expect(janitor(0).tidy()).resolves.toBeUndefined();
    });
  });

  function process(options: Parameters<ExportWorld['exportsOn']>[1] = {}): Exports {
    const another = world.exportsOn(store.store, { dataDir, ...options });
    processes.push(another);
    return another;
  }

  /** Some of it is safe, and the portal answers nothing more. */
  async function inTheMiddle(): Promise<ExportJob> {
    // It is counted, and there is a first page.
    world.emulator.orderFault({ on: 'rest', effect: { type: 'delay', ms: 0, when: 'before' }, times: 2 });
    world.emulator.orderFault({
      on: 'rest',
      effect: { type: 'hold', when: 'before' },
      times: Number.POSITIVE_INFINITY,
    });
    exports.start();
    const job = await exports.begin(world.request());
    return untilJob(exports, job, ({ checkpoint }) => checkpoint.rows > 0);
  }

  async function untilGone({ id }: ExportJob): Promise<void> {
    while (existsSync(join(dataDir, 'exports', id))) await new Promise((resolve) => setTimeout(resolve, 10));
  }

  async function lapsed(job: ExportJob): Promise<ExportJob> {
    const current = parseRecord(ExportJob, await store.store.get(jobKey(job)));
    if (!current) throw new Error('there is no job');
    return { ...current, lease: { holder: 'dead', until: 0 } };
  }

  function janitor(leastAgeMs: number): Janitor {
    const logger = createLogger({ level: 'silent', isPretty: false });
    return new Janitor(new ExportFiles(dataDir), new ExportRecords(store.store, world.clientId), {
      logger,
      leastAgeMs,
    });
  }
});

function modeOf(path: string): number {
  return statSync(path).mode & 0o777;
}
