import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Fault } from '../../emulator/index.ts';
import { AppError } from '../../src/errors.ts';
import { english } from '../../src/i18n/messages/en.ts';
import { chooseAction, type FailedVisit } from '../../src/web/error-actions.ts';
import type { BrowserAgent } from '../support/browser-agent.ts';
import { startApp, type TestApp } from '../support/start-app.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());
beforeEach(() => app.emulator.clearFaults());

/** Where the button of the error page leads, and what it shows there. */
async function follow(agent: BrowserAgent, page: { text: string }) {
  const [, href = ''] = /<a class="button(?: primary)?" href="([^"]+)"/.exec(page.text) ?? [];
  return agent.visit(new URL(href.replaceAll('&amp;', '&'), app.origin).href);
}

const always = (on: Fault['on'], error: string, description = '', status = 401): Fault => ({
  on,
  times: Number.POSITIVE_INFINITY,
  effect: { type: 'error', status, error, description },
});

describe('the button of an error page', () => {
  it.each([
    ['insufficient_scope', ''],
    ['user_access_error', ''],
    ['PAYMENT_REQUIRED', ''],
    ['ACCESS_DENIED', 'REST is available only on commercial plans.'],
    ['ACCESS_DENIED', 'Access denied!'],
    ['allowed_only_intranet_user', ''],
    ['METHOD_CONFIRM_DENIED', ''],
    ['WRONG_LICENSE', ''],
    ['NO_AUTH_FOUND', ''],
    ['INVALID_CREDENTIALS', ''],
    ['ERROR_METHOD_NOT_FOUND', ''],
    ['INVALID_REQUEST', 'Https required'],
    ['ERROR_ARGUMENT', ''],
    ['OVERLOAD_LIMIT', ''],
    ['PORTAL_DELETED', ''],
  ])('while the portal says %s %s › leads to a page that works', async (error, description) => {
    const agent = app.agent();
    await app.signIn(agent);
    app.emulator.orderFault(always('rest', error, description));

    const page = await agent.request(`${app.origin}/companies`);
    const next = await follow(agent, page);

    expect(page.status).toBeGreaterThanOrEqual(400);
    expect(next).toMatchObject({ status: 200, url: { pathname: '/account' } });
  });

  it.each(['ERROR_OAUTH', 'authorization_error'])(
    'after the portal ended the access with %s, and the sign-in did not help › leads to a page that works',
    async (error) => {
      const agent = app.agent();
      await app.signIn(agent);
      app.emulator.orderFault(always('rest', error));

      const page = await agent.visit(`${app.origin}/companies`);
      const next = await follow(agent, page);

      expect(page.status).toBe(401);
      expect(next).toMatchObject({ status: 200, url: { pathname: '/account' } });
    },
  );

  it.each([
    ['wrong_client', 200],
    ['PAYMENT_REQUIRED', 401],
    ['NOT_INSTALLED', 401],
    ['user_access_error', 403],
    ['invalid_scope', 403],
    ['invalid_request', 400],
  ])(
    'while the authorization server refuses every sign-in with %s › leads to the choice of a portal',
    async (error, status) => {
      const agent = app.agent();
      app.emulator.orderFault(always('token', error, '', status));

      const page = await app.signIn(agent);
      const next = await follow(agent, page);

      expect(page.status).toBeGreaterThanOrEqual(400);
      expect(next).toMatchObject({ status: 200, url: { pathname: '/' } });
    },
  );

  it('while a refresh is refused for our keys › leads to a page that works', async () => {
    const agent = app.agent();
    await app.signIn(agent);
    app.emulator.orderFault(always('token', 'invalid_client', '', 400));
    app.emulator.orderFault({ ...always('rest', 'expired_token'), times: 1 });

    const page = await agent.request(`${app.origin}/companies`);
    const next = await follow(agent, page);

    expect(page.status).toBe(502);
    expect(next).toMatchObject({ status: 200, url: { pathname: '/account' } });
  });

  it('after a failure that passes › leads back to the page, which works', async () => {
    const agent = app.agent();
    await app.signIn(agent);
    const order = app.emulator.orderFault({
      on: 'rest',
      times: Number.POSITIVE_INFINITY,
      effect: { type: 'answer', status: 400, body: 'no JSON' },
    });

    const page = await agent.request(`${app.origin}/companies?q=Alpha`);
    order.cancel();
    const next = await follow(agent, page);

    expect(page.status).toBe(502);
    expect(next).toMatchObject({ status: 200, url: new URL(`${app.origin}/companies?q=Alpha`) });
  });
});

/** Every error that has a text: by code and reason. */
const ERRORS = Object.entries(english.errors).flatMap(([code, texts]) =>
  typeof texts === 'object' && 'default' in texts
    ? Object.keys(texts).map((reason): [string, string] => [code, reason])
    : [],
);
/** The same address may work a moment later, or once somebody whom the text names has done something. */
const MAY_BE_TRIED_AGAIN = [
  'too_many_requests',
  'too_many_exports',
  'portal_limited',
  'portal_failed',
  'portal_timeout',
  'store_unavailable',
  'internal_error',
  'access_denied.consent_awaited',
];
const VISITS: FailedVisit[] = [true, false].flatMap((isSignedIn) => [
  { isSignedIn, isGet: true, isRedirectionEndpoint: false },
  { isSignedIn, isGet: false, isRedirectionEndpoint: false },
  { isSignedIn, isGet: true, isRedirectionEndpoint: true },
]);

describe('chooseAction()', () => {
  it.each(ERRORS)('when it is %s.%s › leads back to the address only where that may help', (code, reason) => {
    const error = new AppError('a test', { code, status: 500, ...(reason === 'default' ? {} : { reason }) });
    const mayBeTriedAgain = MAY_BE_TRIED_AGAIN.some((each) => [code, `${code}.${reason}`].includes(each));

    for (const visit of VISITS) {
      const action = chooseAction(error, visit);

      if (!mayBeTriedAgain) expect(action).not.toBe('retry');
      // `/` sends a person who is signed in to the list.
      if (visit.isSignedIn) expect(action).not.toBe('home');
      if (visit.isRedirectionEndpoint && !mayBeTriedAgain) expect(action).not.toBe('retry');
    }
  });
});
