import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { STORE_KINDS, startApp, type TestApp } from '../support/start-app.ts';

describe.each(STORE_KINDS)('the main job on the %s store', (store) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp({ store });
  });
  afterAll(() => app.stop());

  describe('when nobody is signed in', () => {
    it('leads from a deep link through the portal back to the same address', async () => {
      const agent = app.agent();

      const form = await agent.visit(`${app.origin}/companies?q=a&sort=title&order=asc`);
      const page = await agent.post(form.url.href, { login: 'admin', password: 'demo' });

      expect(page.status).toBe(200);
      expect(page.url.href).toBe(`${app.origin}/companies?q=a&sort=title&order=asc`);
      expect(page.text).toContain('Alpha');
      expect(page.text).toContain('Ada Admin');
    });
  });
});
