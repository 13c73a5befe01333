import { describe, expect, it } from '@jest/globals';
import express from 'express';
import request from 'supertest';
import { type Readiness, showReadiness } from '../../src/web/health.ts';

const READY: Readiness = {
  isStopping: false,
  isStoreWritable: true,
  areTokensSaved: true,
  isDataDirWritable: true,
};

function readyz({
  isStopping = () => false,
  readiness = async () => READY,
}: {
  isStopping?: () => boolean;
  readiness?: () => Promise<Readiness>;
}) {
  const app = express();
  app.get('/readyz', showReadiness(isStopping, readiness));
  return request(app).get('/readyz');
}

describe('GET /readyz', () => {
  it('when the process is stopping and the store does not answer › says so at once', async () => {
    const answer = await readyz({ isStopping: () => true, readiness: () => new Promise(() => {}) });

    expect([answer.status, answer.body]).toEqual([503, { status: 'stopping' }]);
  });

  it.each([
    [{}, 200, { status: 'ready' }],
    [{ isStoreWritable: false }, 503, { status: 'unavailable', store: 'away' }],
    [{ areTokensSaved: false }, 503, { status: 'unavailable', tokens: 'unsaved' }],
    [{ isDataDirWritable: false }, 200, { status: 'ready', dataDir: 'not writable' }],
    [
      { isStoreWritable: false, isDataDirWritable: false },
      503,
      { status: 'unavailable', store: 'away', dataDir: 'not writable' },
    ],
  ])('when it is found %j › answers %i', async (found, status, body) => {
    const answer = await readyz({ readiness: async () => ({ ...READY, ...found }) });

    expect([answer.status, answer.body]).toEqual([status, body]);
  });
});
