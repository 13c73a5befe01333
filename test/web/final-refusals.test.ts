import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { BrowserAgent } from '../support/browser-agent.ts';
import { startApp, type TestApp } from '../support/start-app.ts';

let app: TestApp;
let agent: BrowserAgent;
beforeAll(async () => {
  app = await startApp();
  agent = app.agent();
  await app.signIn(agent);
});
afterAll(() => app.stop());
beforeEach(() => app.emulator.clearFaults());

/** What GET /companies answers while the portal refuses every call. */
function pageWhile(error: string, description: string, headers: Record<string, string> = {}) {
  app.emulator.orderFault({
    on: 'rest',
    times: Number.POSITIVE_INFINITY,
    effect: { type: 'error', status: 401, error, description },
  });
  return agent.request(`${app.origin}/companies`, { headers });
}

describe('GET /companies', () => {
  it.each([
    ['NO_AUTH_FOUND', 'Wrong authorization data', 502, 'body of a POST request reaches /rest/'],
    ['INVALID_CREDENTIALS', 'Invalid request credentials', 502, 'body of a POST request reaches /rest/'],
    ['ERROR_METHOD_NOT_FOUND', 'Method not found!', 502, 'can update Bitrix24'],
    ['INVALID_REQUEST', 'Https required', 502, 'https:// in BITRIX24_PORTALS'],
    ['PORTAL_DELETED', 'Portal was deleted', 502, 'sign in there'],
    ['allowed_only_intranet_user', 'Extranet user is not allowed', 403, 'make you a member of staff'],
    ['WRONG_LICENSE', 'Wrong license', 403, 'can change the plan'],
    ['invalid_token', 'Unable to get application by token', 502, 'registered with Bitrix24'],
  ])('when the portal says %s › the page says who can lift it', async (error, description, status, text) => {
    const page = await pageWhile(error, description);

    expect(page.status).toBe(status);
    expect(page.text).toContain(text);
    expect(page.text).not.toContain('did not answer sensibly');
  });

  it('when trying again never mends it › programs get a code that says so, and no Retry-After', async () => {
    const answer = await pageWhile('NO_AUTH_FOUND', '', { accept: 'application/json' });

    expect(JSON.parse(answer.text)).toMatchObject({ error: { code: 'portal_refused' } });
    expect(answer.headers.get('retry-after')).toBeNull();
  });

  it('as JSON, when no cookie came › says that one is not signed in, and not that Bitrix24 ended something', async () => {
    const answer = await app
      .agent()
      .request(`${app.origin}/companies`, { headers: { accept: 'application/json' } });

    expect(answer.status).toBe(401);
    expect(JSON.parse(answer.text)).toEqual({
      error: { code: 'sign_in_required', message: expect.stringContaining('Sign in') },
    });
    expect(answer.text).not.toContain('ended the permission');
  });
});
