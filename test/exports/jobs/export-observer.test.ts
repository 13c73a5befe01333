import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { JOB } from '../../../src/bitrix24/rest/retry-policy.ts';
import type { Exports } from '../../../src/exports/exports.ts';
import { openTestStore, type TestStore } from '../../support/stores.ts';
import { type ExportWorld, manyCompanies, startExportWorld, untilJob } from '../support.ts';

let world: ExportWorld;
let store: TestStore;
let exports: Exports;
let told: string[];
beforeAll(async () => {
  world = await startExportWorld(manyCompanies(3));
});
afterAll(() => world.stop());
beforeEach(async () => {
  store = await openTestStore('embedded');
  told = [];
  exports = world.exportsOn(store.store, {
    observer: { began: () => told.push('began'), ended: (outcome) => told.push(outcome) },
    retryPolicy: { ...JOB, giveUpAfterMs: 100, firstPauseMs: 20 },
  });
  exports.start();
});
afterEach(async () => {
  world.emulator.clearFaults();
  await exports.stop();
  await store.close();
});

/** The work ends a moment after its record does. */
async function untilTold(count: number): Promise<string[]> {
  while (told.length < count) await new Promise((resolve) => setTimeout(resolve, 10));
  return told;
}

const hold = () =>
  world.emulator.orderFault({
    on: 'rest',
    effect: { type: 'hold', when: 'before' },
    times: Number.POSITIVE_INFINITY,
  });
const refuse = (error: string) =>
  world.emulator.orderFault({
    on: 'rest',
    effect: { type: 'error', status: 403, error },
    times: Number.POSITIVE_INFINITY,
  });

describe('an observer of exports', () => {
  it('is told of one that is done', async () => {
    await exports.begin(world.request());

    expect(await untilTold(2)).toEqual(['began', 'done']);
  });

  it.each([
    ['is forbidden', 'insufficient_scope', 'failed'],
    ['waits for the person', 'SOMETHING_ELSE', 'waiting'],
  ])('hears of one that %s', async (_, error, outcome) => {
    refuse(error);

    await exports.begin(world.request());

    expect(await untilTold(2)).toEqual(['began', outcome]);
  });

  it('is told of one that was cancelled', async () => {
    hold();
    const job = await exports.begin(world.request());
    await untilTold(1);

    await exports.cancel(job);

    expect(await untilTold(2)).toEqual(['began', 'cancelled']);
  });

  it('is told of one that another process goes on with', async () => {
    hold();
    const job = await exports.begin(world.request());
    await untilJob(exports, job, ({ state }) => state === 'running');

    await exports.stop();

    expect(told).toEqual(['began', 'stopping']);
  });
});
