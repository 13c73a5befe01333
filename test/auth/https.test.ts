import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { startApp, type TestApp } from '../support/start-app.ts';

describe('an https PUBLIC_URL behind a proxy that ends TLS and that nobody named', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp({ publicUrl: 'https://crm.example' });
  });
  afterAll(() => app.stop());

  it('sets a __Host- cookie that is Secure, HttpOnly and Lax, for the whole host and no other', async () => {
    const answer = await request(app.origin).get('/login');

    expect(answer.status).toBe(302);
    expect(answer.headers['set-cookie']).toEqual([
      expect.stringMatching(
        /^__Host-session-[\da-f]{8}=[^;]+; Path=\/; Expires=[^;]+; HttpOnly; Secure; SameSite=Lax$/,
      ),
    ]);
  });

  it('asks browsers to stay on https', async () => {
    const answer = await request(app.origin).get('/');

    expect(answer.headers['strict-transport-security']).toMatch(/^max-age=\d{8}/);
  });

  it.each([
    ['https://crm.example', 303],
    ['http://crm.example', 403],
    ['https://other.example', 403],
    ['null', 403],
  ])('takes a form from %s with %s', async (origin, status) => {
    const answer = await request(app.origin)
      .post('/language')
      .set('origin', origin)
      .type('form')
      .send({ language: 'ru' });

    expect(answer.status).toBe(status);
  });
});

describe('a plain http PUBLIC_URL that is not localhost', () => {
  it('lets browsers say where a form comes from, because they send no Sec-Fetch-Site there', async () => {
    const app = await startApp({ publicUrl: 'http://b24-dev.local' });

    const answer = await request(app.origin).get('/');
    await app.stop();

    expect(answer.headers['referrer-policy']).toBe('same-origin');
  });
});
