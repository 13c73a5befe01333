import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { STORE_KINDS, startApp, type TestApp } from '../support/start-app.ts';

describe.each(STORE_KINDS)('the main job on the %s store', (store) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp({ store });
  });
  afterAll(() => app.stop());

  it('leads from a deep link through the portal back to the same address', async () => {
    const agent = app.agent();

    const form = await agent.visit(`${app.origin}/companies?q=a&sort=title&order=asc`);
    const page = await agent.post(form.url.href, { login: 'admin', password: 'demo' });

    expect(page.status).toBe(200);
    expect(page.url.href).toBe(`${app.origin}/companies?q=a&sort=title&order=asc`);
    expect(page.text).toContain('Alpha');
    expect(page.text).toContain('Ada Admin');
  });

  it('goes: sign in, search, sort, open a card, choose a language, sign out', async () => {
    const agent = app.agent();
    await app.signIn(agent);

    const found = await agent.visit(`${app.origin}/companies?q=Gam`);
    const sorted = await agent.visit(`${app.origin}/companies?sort=title&order=asc`);
    const card = await agent.visit(`${app.origin}/companies/3?from=q%3DGam`);
    const russian = await agent.post(`${app.origin}/language`, { language: 'ru', returnTo: '/companies' });
    const out = await agent.post(`${app.origin}/logout`);

    expect(found.text).toContain('1 company with “Gam” in its title');
    expect(sorted.text.indexOf('Alpha')).toBeLessThan(sorted.text.indexOf('Gamma'));
    expect(card.text).toContain('<bdi>Gamma</bdi>');
    expect(card.text).toContain('href="/companies?q=Gam"');
    expect(russian.text).toContain('3 компании');
    expect(out.text).toContain('Вы вышли из приложения');
  });

  it('lets nobody in with a session cookie that was signed by somebody else', async () => {
    const agent = app.agent({ headers: { cookie: 'session=s%3Aforged.signature' } });

    const answer = await agent.request(`${app.origin}/companies`);

    expect(answer).toMatchObject({ status: 303, location: '/login?returnTo=%2Fcompanies' });
  });
});
