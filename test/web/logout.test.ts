import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startApp, type TestApp } from '../support/start-app.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());

describe('POST /logout', () => {
  describe('when somebody is signed in', () => {
    it('ends the session and says that Bitrix24 is still signed in', async () => {
      const agent = app.agent();
      await app.signIn(agent);

      const page = await agent.post(`${app.origin}/logout`);

      expect(page.url.href).toBe(`${app.origin}/`);
      expect(page.text).toContain('Bitrix24 itself is still signed in');
      expect(page.text).toContain(`href="${app.emulator.portals[0]?.origin}/"`);
      expect((await agent.request(`${app.origin}/companies`)).location).toMatch(/^\/login/);
    });

    it('says so once', async () => {
      const agent = app.agent();
      await app.signIn(agent);
      await agent.post(`${app.origin}/logout`);

      const page = await agent.visit(app.origin);

      expect(page.text).not.toContain('still signed in');
    });

    it('keeps the tokens, so that coming back is one click', async () => {
      const agent = app.agent();
      await app.signIn(agent);

      await agent.post(`${app.origin}/logout`);

      expect(await app.store.get(tokenKey())).not.toBeNull();
    });

    it('with forget=1 forgets the tokens of this portal user', async () => {
      const agent = app.agent();
      await app.signIn(agent);

      await agent.post(`${app.origin}/logout`, { forget: '1' });

      expect(await app.store.get(tokenKey())).toBeNull();
    });

    it('from another site answers 403 and signs nobody out', async () => {
      const agent = app.agent();
      await app.signIn(agent);

      const answer = await agent.request(`${app.origin}/logout`, {
        form: {},
        headers: { origin: 'https://evil.example' },
      });

      expect(answer.status).toBe(403);
      expect((await agent.visit(`${app.origin}/companies`)).status).toBe(200);
    });

    it('by GET answers 404 and signs nobody out', async () => {
      const agent = app.agent();
      await app.signIn(agent);

      const answer = await agent.request(`${app.origin}/logout`);

      expect(answer.status).toBe(404);
      expect((await agent.visit(`${app.origin}/companies`)).status).toBe(200);
    });
  });

  describe('when nobody is signed in', () => {
    it('answers 303 to the sign-in page all the same', async () => {
      const page = await app.agent().post(`${app.origin}/logout`);

      expect(page).toMatchObject({ status: 200, url: new URL(`${app.origin}/`) });
    });
  });
});

function tokenKey(): string {
  return `b24:tokens:{${app.emulator.portals[0]?.memberId}}:${app.client.clientId}:1`;
}
