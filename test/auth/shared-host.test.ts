import { createHmac } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type BrowserAgent, cookieOf, createAgent } from '../support/browser-agent.ts';
import { STORE_KINDS, startApp, TEST_SECRETS, type TestApp } from '../support/start-app.ts';

const jarOf = (agent: BrowserAgent) => agent.cookies.get('127.0.0.1') ?? new Map<string, string>();

describe.each(STORE_KINDS)('a host that the application shares, on the %s store', (store) => {
  let app: TestApp;
  beforeEach(async () => {
    app = await startApp({ store });
  });
  afterEach(() => app.stop());

  it('with a second installation on another port › one browser is signed in at both, and signing out of one leaves the other', async () => {
    const other = await startApp({ store });
    const agent = createAgent();
    await app.signIn(agent);
    await other.signIn(agent);

    const both = await Promise.all([app, other].map(({ origin }) => agent.request(`${origin}/companies`)));
    await agent.post(`${app.origin}/logout`);
    const left = await agent.request(`${other.origin}/companies`);
    const back = await agent.request(`${other.origin}/`);

    expect(both.map(({ status }) => status)).toEqual([200, 200]);
    expect(left.status).toBe(200);
    expect(back.location).toBe('/companies');
    await other.stop();
  });

  it('with a second installation › a sign-in that is under way at one is finished after one at the other', async () => {
    const other = await startApp({ store });
    const agent = createAgent();
    const form = await agent.visit(`${app.origin}/login`);
    await other.signIn(agent);

    const page = await agent.post(form.url.href, { login: 'admin', password: 'demo' });

    expect(page).toMatchObject({ status: 200, url: new URL(`${app.origin}/companies`) });
    await other.stop();
  });

  it.each([
    ['unsigned', 'somebody-elses'],
    ['signed with the secret of another application', signed('b'.repeat(32), 'another secret')],
    ['not readable', '%E0%A4%A'],
  ])(
    'with an application whose cookie of the same name is %s › locks out no person',
    async (_case, foreign) => {
      const agent = app.agent();
      await app.signIn(agent);
      const [[name, own] = ['', '']] = jarOf(agent);
      const asked = (cookie: string) => app.agent({ headers: { cookie } }).request(`${app.origin}/companies`);

      const answers = await Promise.all([
        asked(`${name}=${foreign}; ${name}=${own}`),
        asked(`${name}=${own}; ${name}=${foreign}`),
        asked(`session=${foreign}; ${name}=${own}`),
      ]);

      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    },
  );

  it('with an application whose cookie has the name of before › a sign-in goes all the way', async () => {
    const agent = app.agent();
    await agent.request(`${app.origin}/healthz`);
    jarOf(agent).set('session', signed('b'.repeat(32), 'another secret'));

    const page = await app.signIn(agent);

    expect(page.status).toBe(200);
  });

  it('in the browser of a person who signed in before names differed › the session goes on', async () => {
    const agent = app.agent();
    await app.signIn(agent);
    const before = app.agent({ headers: { cookie: `session=${cookieOf(agent, 'session')}` } });

    const page = await before.request(`${app.origin}/companies`);

    expect(page.status).toBe(200);
  });
});

describe('the secret that signs', () => {
  it('when it was replaced by a newer one › the cookie of before is chosen all the same', async () => {
    const app = await startApp();
    const agent = app.agent();
    await app.signIn(agent);
    const replica = await app.replica({ sessionSecrets: ['n'.repeat(32), ...TEST_SECRETS.sessionSecrets] });

    const page = await agent.request(`${replica}/companies`);

    expect(page.status).toBe(200);
    await app.stop();
  });
});

/** As express-session signs. */
function signed(id: string, secret: string): string {
  const signature = createHmac('sha256', secret).update(id).digest('base64').replace(/=+$/, '');
  return encodeURIComponent(`s:${id}.${signature}`);
}
