import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { STORE_KINDS, startApp, type TestApp } from '../support/start-app.ts';

describe.each(STORE_KINDS)('health on the %s store', (store) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp({ store });
  });
  afterAll(() => app.stop());

  it.each([
    ['/healthz', { status: 'ok' }],
    ['/readyz', { status: 'ready' }],
  ])('GET %s answers 200 and says so', async (path, body) => {
    const answer = await request(app.origin).get(path);

    expect(answer.status).toBe(200);
    expect(answer.body).toEqual(body);
  });
});
