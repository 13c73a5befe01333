import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { cookieOf } from '../support/browser-agent.ts';
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
      expect((await agent.request(`${app.origin}/companies`)).status).toBe(303);
    });

    it('leads a page that is opened afterwards to the choice, not through the portal and back in', async () => {
      const agent = app.agent();
      await app.signIn(agent);
      await agent.post(`${app.origin}/logout`);

      const answer = await agent.request(`${app.origin}/companies?q=Alpha`);

      expect(answer).toMatchObject({ status: 303, location: '/?returnTo=%2Fcompanies%3Fq%3DAlpha' });
    });

    it('says so until somebody signs in again', async () => {
      const agent = app.agent();
      await app.signIn(agent);
      await agent.post(`${app.origin}/logout`);
      await app.signIn(agent);

      const answer = await agent.request(`${app.origin}/companies`);

      expect(answer.status).toBe(200);
      expect(cookieOf(agent, 'signed-out')).toBeUndefined();
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
