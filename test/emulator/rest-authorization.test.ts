import { describe, expect, it } from '@jest/globals';

import type { EmulatedPortal } from '../../emulator/index.ts';
import {
  aPortal,
  aPortalUser,
  callRest,
  DEMO_CLIENT,
  form,
  read,
  signIn,
  start,
  tokensFor,
} from './support.ts';

describe('where the access token is sent', () => {
  it.each([
    ['auth in the query', (token: string) => [`?auth=${token}`, {}], 'query'],
    ['access_token in the query', (token: string) => [`?access_token=${token}`, {}], 'query'],
    ['auth in a form', (token: string) => ['', { method: 'POST', body: form({ auth: token }) }], 'body'],
    ['a Bearer header', (token: string) => ['', { headers: { authorization: `Bearer ${token}` } }], 'header'],
    [
      'a Bearer header beside a bad parameter',
      (token: string) => ['?auth=garbage', { headers: { authorization: `Bearer ${token}` } }],
      'header',
    ],
    [
      'a good body beside a bad query',
      (token: string) => ['?auth=garbage', { method: 'POST', body: form({ auth: token }) }],
      'body',
    ],
  ] as [string, (token: string) => [string, RequestInit], string][])(
    'when it is %s › it is found',
    async (_, ask, where) => {
      const { emulator, portal } = await start();
      const { clientEndpoint, accessToken } = tokensFor(portal);
      const [query, init] = ask(accessToken);

      const response = await fetch(`${clientEndpoint}profile${query}`, init);

      expect(response.status).toBe(200);
      expect(emulator.requests.at(-1)).toMatchObject({
        tokenIn: where,
        userId: 1,
        clientId: DEMO_CLIENT.clientId,
      });
    },
  );

  it('when it is passed as an array › it is ignored', async () => {
    const { portal } = await start();
    const { clientEndpoint, accessToken } = tokensFor(portal);

    const { status, body } = await fetch(`${clientEndpoint}profile?auth[]=${accessToken}`).then(read);

    expect(status).toBe(401);
    expect(body.error).toBe('NO_AUTH_FOUND');
  });
});

describe('errors of authorization on the portal', () => {
  it('when the method is unknown › answers 404 before the token is looked at', async () => {
    const { portal } = await start();

    const { status, body } = await fetch(`${portal.origin}/rest/no.such.method`).then(read);

    expect(status).toBe(404);
    expect(body).toEqual({ error: 'ERROR_METHOD_NOT_FOUND', error_description: 'Method not found!' });
  });

  it('when there is no token › answers 401 NO_AUTH_FOUND', async () => {
    const { portal } = await start();

    const { status, body } = await fetch(`${portal.origin}/rest/profile`).then(read);

    expect(status).toBe(401);
    expect(body).toEqual({ error: 'NO_AUTH_FOUND', error_description: 'Wrong authorization data' });
  });

  it('when the JSON cannot be read › it is ignored, and so there is no token', async () => {
    const { portal } = await start();

    const { body } = await fetch(`${portal.origin}/rest/profile`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"auth": ',
    }).then(read);

    expect(body.error).toBe('NO_AUTH_FOUND');
  });

  it.each([
    ['is garbage', (portal: EmulatedPortal) => ({ ...tokensFor(portal), accessToken: 'garbage' })],
    [
      'was revoked',
      (portal: EmulatedPortal) => {
        const tokens = tokensFor(portal);
        portal.revokeGrants();
        return tokens;
      },
    ],
    [
      'is from an earlier installation',
      (portal: EmulatedPortal) => {
        const tokens = tokensFor(portal);
        portal.uninstall();
        portal.install();
        return tokens;
      },
    ],
  ])('when the token %s › answers 401 invalid_token', async (_, makeTokens) => {
    const { portal } = await start();

    const { status, body } = await callRest(makeTokens(portal), 'profile');

    expect(status).toBe(401);
    expect(body).toEqual({ error: 'invalid_token', error_description: 'Unable to get application by token' });
  });

  it('when the token belongs to another portal › answers invalid_token', async () => {
    const { emulator } = await start({ portals: [aPortal(), aPortal({ host: '127.0.0.2' })] });
    const [here, elsewhere] = emulator.portals as [EmulatedPortal, EmulatedPortal];

    const { body } = await callRest(
      { ...tokensFor(here), clientEndpoint: tokensFor(elsewhere).clientEndpoint },
      'profile',
    );

    expect(body.error).toBe('invalid_token');
  });

  it('when an expired token is seen for the first time › the text ends with a full stop', async () => {
    const { emulator, portal } = await start();
    const tokens = tokensFor(portal);
    emulator.advance(3_600_000);

    const { status, body } = await callRest(tokens, 'profile');

    expect(status).toBe(401);
    expect(body).toEqual({
      error: 'expired_token',
      error_description: 'The access token provided has expired.',
    });
  });

  it('when a token expires that the portal has seen › the text has no full stop', async () => {
    const { emulator, portal } = await start();
    const tokens = tokensFor(portal);
    await callRest(tokens, 'profile');
    emulator.advance(3_600_000);

    const { body } = await callRest(tokens, 'profile');

    expect(body).toEqual({
      error: 'expired_token',
      error_description: 'The access token provided has expired',
    });
  });

  it('when a test expires the tokens of a portal › they are expired', async () => {
    const { portal } = await start();
    const tokens = tokensFor(portal);
    portal.expireAccessTokens();

    const { body } = await callRest(tokens, 'profile');

    expect(body.error).toBe('expired_token');
  });

  it('when the application was removed and the token is new to the portal › answers ERROR_OAUTH', async () => {
    const { portal } = await start();
    const tokens = tokensFor(portal);
    portal.uninstall();

    const { status, body } = await callRest(tokens, 'profile');

    expect(status).toBe(401);
    expect(body).toEqual({ error: 'ERROR_OAUTH', error_description: 'Application not installed' });
  });

  it('when the application was removed and the portal has seen the token › answers APPLICATION_NOT_FOUND', async () => {
    const { portal } = await start();
    const tokens = tokensFor(portal);
    await callRest(tokens, 'profile');
    portal.uninstall();

    const { status, body } = await callRest(tokens, 'profile');

    expect(status).toBe(401);
    expect(body).toEqual({ error: 'APPLICATION_NOT_FOUND', error_description: 'Application not found' });
  });

  it('when the payment ended › answers 401 PAYMENT_REQUIRED', async () => {
    const { portal } = await start();
    portal.setUnpaid(true);

    const { status, body } = await callRest(tokensFor(portal), 'profile');

    expect(status).toBe(401);
    expect(body).toEqual({ error: 'PAYMENT_REQUIRED', error_description: 'Payment required' });
  });

  it('when the method is outside the granted scope › answers insufficient_scope', async () => {
    const { portal } = await start({ portals: [aPortal({ scope: ['user'] })] });

    const { status, body } = await callRest(tokensFor(portal), 'crm.company.list');

    expect(status).toBe(401);
    expect(body).toEqual({
      error: 'insufficient_scope',
      error_description: 'The request requires higher privileges than provided by the access token',
    });
  });

  it('when the user was dismissed › answers authorization_error', async () => {
    const { portal } = await start();
    const tokens = tokensFor(portal);
    portal.setUser(1, { active: false });

    const { status, body } = await callRest(tokens, 'profile');

    expect(status).toBe(401);
    expect(body).toEqual({ error: 'authorization_error', error_description: 'Unable to authorize user' });
  });

  it('when the request has the portal cookie of another user › answers authorization_error', async () => {
    const { portal } = await start({
      portals: [aPortal({ users: [aPortalUser(), aPortalUser({ id: 2 })] })],
    });
    const cookie = await signIn(portal, { login: 'user2' });
    const { clientEndpoint, accessToken } = tokensFor(portal, 1);

    const { body } = await fetch(`${clientEndpoint}profile?auth=${accessToken}`, {
      headers: { cookie },
    }).then(read);

    expect(body.error).toBe('authorization_error');
    expect(body.error_description).toContain('log out first');
  });

  it('when the user may not use the application › answers user_access_error', async () => {
    const { portal } = await start({ portals: [aPortal({ users: [aPortalUser({ appAccess: false })] })] });

    const { status, body } = await callRest(tokensFor(portal), 'profile');

    expect(status).toBe(401);
    expect(body).toEqual({
      error: 'user_access_error',
      error_description: 'The user does not have access to the application.',
    });
  });

  it('when a webhook address is called › answers INVALID_CREDENTIALS', async () => {
    const { portal } = await start();

    const { status, body } = await fetch(`${portal.origin}/rest/1/webhooksecret/profile`).then(read);

    expect(status).toBe(401);
    expect(body).toEqual({ error: 'INVALID_CREDENTIALS', error_description: 'Invalid request credentials' });
  });
});

describe('the statuses of the documents', () => {
  it.each([
    ['expired_token', 401, (portal: EmulatedPortal) => portal.expireAccessTokens()],
    ['user_access_error', 403, (portal: EmulatedPortal) => portal.setUser(1, { appAccess: false })],
    ['PAYMENT_REQUIRED', 401, (portal: EmulatedPortal) => portal.setUnpaid(true)],
  ] as const)('when the switch is on › %s has status %i', async (error, expected, arrange) => {
    const { portal } = await start({ restStatuses: 'documents' });
    const tokens = tokensFor(portal);
    arrange(portal);

    const { status, body } = await callRest(tokens, 'profile');

    expect(body.error).toBe(error);
    expect(status).toBe(expected);
  });

  it('when the switch is on › insufficient_scope has status 403', async () => {
    const { portal } = await start({ restStatuses: 'documents', portals: [aPortal({ scope: [] })] });

    const { status } = await callRest(tokensFor(portal), 'user.current');

    expect(status).toBe(403);
  });
});
