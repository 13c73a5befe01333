import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { startApp, type TestApp } from '../support/start-app.ts';

describe('POST /bitrix, as a portal sends it into a frame', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp({ portals: 'http://b24-dev-80.local,*.bitrix24.ru' });
  });
  afterAll(() => app.stop());

  it('answers a page that leads to a tab of its own', async () => {
    const answer = await post();

    expect(answer.status).toBe(200);
    expect(answer.text).toContain(`href="${app.origin}/"`);
    expect(answer.text).toContain('target="_blank"');
  });

  it('may be framed by the allowed portals and by nobody else', async () => {
    const ancestors = async (origin: string) =>
      /frame-ancestors (.*)$/.exec((await post(origin)).headers['content-security-policy'] ?? '')?.[1];

    expect(await ancestors('https://acme.bitrix24.ru')).toBe('https://acme.bitrix24.ru');
    expect(await ancestors('http://b24-dev-80.local')).toBe('http://b24-dev-80.local');
    expect(await ancestors('https://evil.example')).toBe('http://b24-dev-80.local https://*.bitrix24.ru');
    expect(await ancestors('null')).toBe('http://b24-dev-80.local https://*.bitrix24.ru');
    expect((await post()).headers).not.toHaveProperty('x-frame-options');
  });

  it('believes nothing of what was posted, and begins no session', async () => {
    const answer = await post();

    expect(answer.headers).not.toHaveProperty('set-cookie');
    expect(answer.text).not.toContain('POSTED');
    expect(app.outgoing).toEqual([]);
  });

  function post(origin = 'https://acme.bitrix24.ru') {
    return request(app.origin)
      .post('/bitrix?DOMAIN=acme.bitrix24.ru&PROTOCOL=1&LANG=en&APP_SID=POSTED')
      .set('origin', origin)
      .set('sec-fetch-site', 'cross-site')
      .type('form')
      .send({
        AUTH_ID: 'POSTED',
        REFRESH_ID: 'POSTED',
        member_id: 'POSTED',
        SERVER_ENDPOINT: 'https://evil.example/rest/',
      });
  }
});
