import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { startApp, type TestApp } from '../support/start-app.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());

describe('the language of a page', () => {
  it.each([
    [undefined, 'en'],
    ['de', 'en'],
    ['ru', 'ru'],
    ['ru-RU,ru;q=0.9,en;q=0.8', 'ru'],
    ['en-US,en;q=0.9,ru;q=0.8', 'en'],
    ['uk,ru;q=0.9,en;q=0.7', 'ru'],
    ['*', 'en'],
    ['not a language at all;;;', 'en'],
  ])('for a browser that prefers %s is %s', async (accepted, expected) => {
    const answer = await request(app.origin)
      .get('/')
      .set(accepted ? { 'accept-language': accepted } : {});

    expect(answer.text).toContain(`<html lang="${expected}">`);
  });
});

describe('POST /language', () => {
  it('remembers the choice against what the browser prefers', async () => {
    const agent = app.agent({ headers: { 'accept-language': 'en' } });

    const page = await agent.post(`${app.origin}/language`, { language: 'ru', returnTo: '/' });
    const later = await agent.visit(app.origin);

    expect(page.text).toContain('<html lang="ru">');
    expect(later.text).toContain('<html lang="ru">');
  });

  it.each([
    ['/companies?q=%D0%B0&page=2', '/companies?q=%D0%B0&page=2'],
    ['/', '/'],
    ['/?returnTo=%2Fcompanies%2F3', '/?returnTo=%2Fcompanies%2F3'],
    ['//evil.example/', '/companies'],
    ['https://evil.example/', '/companies'],
    ['/logout', '/companies'],
  ])('goes back from %s to %s', async (returnTo, expected) => {
    const answer = await request(app.origin)
      .post('/language')
      .set('origin', app.origin)
      .type('form')
      .send({ language: 'ru', returnTo });

    expect(answer.status).toBe(303);
    expect(answer.headers.location).toBe(expected);
  });

  it.each(['de', '', '<script>', 'constructor'])('ignores %s', async (language) => {
    const answer = await request(app.origin)
      .post('/language')
      .set('origin', app.origin)
      .type('form')
      .send({ language });

    expect(answer.status).toBe(303);
    expect(answer.headers).not.toHaveProperty('set-cookie');
  });
});
