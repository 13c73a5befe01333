import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { aCompany, aPortal } from '../support/builders.ts';
import { STORE_KINDS, startApp, type TestApp } from '../support/start-app.ts';

const JSON_HEADERS = { headers: { accept: 'application/json' } };

describe.each(STORE_KINDS)('people who must not be mixed up, on the %s store', (store) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp({
      store,
      emulator: {
        portals: [
          aPortal({ host: 'localhost' }),
          aPortal({ host: '127.0.0.1', companies: [aCompany({ ID: '1', TITLE: 'Of the other portal' })] }),
        ],
      },
    });
  });
  afterAll(() => app.stop());

  describe('two users of one portal at the same time', () => {
    it('see their own companies, however often they ask', async () => {
      const [admin, manager] = [app.agent(), app.agent()];
      await Promise.all([app.signIn(admin, 'admin'), app.signIn(manager, 'manager')]);

      const seen = await Promise.all(
        Array.from({ length: 10 }, () => Promise.all([titles(admin), titles(manager)])),
      );

      for (const each of seen) expect(each).toEqual([['Gamma', 'Beta', 'Alpha'], ['Beta']]);
    });
  });

  describe('user 1 of two portals', () => {
    it('sees the companies of the portal they signed in to', async () => {
      const [here, there] = [app.agent(), app.agent()];
      await Promise.all([
        app.signIn(here, 'admin', { portal: 0 }),
        app.signIn(there, 'admin', { portal: 1 }),
      ]);

      const seen = [await titles(here), await titles(there)];

      expect(seen).toEqual([['Gamma', 'Beta', 'Alpha'], ['Of the other portal']]);
    });

    it('keeps two records of tokens', async () => {
      const keys = app.emulator.portals.map(
        ({ memberId }) => `b24:tokens:{${memberId}}:${app.client.clientId}:1`,
      );

      const records = await Promise.all(keys.map((key) => app.store.get(key)));

      expect(new Set(records).size).toBe(2);
      expect(records).not.toContain(null);
    });
  });

  describe('a browser whose portal is now signed in as somebody else', () => {
    it('says on the page who has won', async () => {
      const agent = app.agent();
      await app.signIn(agent, 'admin');
      app.emulator.portals[0]?.setUser(1, { name: 'Renamed' });

      const page = await app.signIn(app.agent(), 'admin');

      expect(page.text).toContain('Renamed Admin');
    });
  });

  async function titles(agent: ReturnType<TestApp['agent']>): Promise<string[]> {
    const answer = await agent.request(`${app.origin}/companies`, JSON_HEADERS);
    return (JSON.parse(answer.text) as { companies: { title: string }[] }).companies.map(
      ({ title }) => title,
    );
  }
});

describe('the address of a company that somebody else may read', () => {
  it('answers as one that does not exist, so that nobody learns which ids exist', async () => {
    const app = await startApp();
    const manager = app.agent();
    await app.signIn(manager, 'manager');

    const answers = await Promise.all(
      ['/companies/1', '/companies/1?user_id=1', '/companies/999'].map((path) =>
        manager.request(app.origin + path),
      ),
    );
    await app.stop();

    expect(answers.map(({ status }) => status)).toEqual([403, 403, 403]);
  });
});
