import { describe, expect, it } from '@jest/globals';

import { SECRET_MARK } from '../../emulator/index.ts';
import {
  aPortal,
  aPortalUser,
  askToken,
  callRest,
  DEMO_CLIENT,
  exchange,
  form,
  read,
  refresh,
  start,
  tokensFor,
} from './support.ts';

const owner = { clientId: DEMO_CLIENT.clientId, userId: 1 };

describe('POST /oauth/token/ with a code', () => {
  it('when the request is valid › answers the documented fields', async () => {
    const { emulator, portal } = await start({ now: () => 1_790_000_000_000 });
    const code = portal.issueCode(owner);

    const { status, headers, body } = await exchange(emulator, code);

    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('application/json');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(body).toEqual({
      access_token: expect.stringMatching(/^[0-9a-f]{70}$/),
      expires: 1_790_003_600,
      expires_in: 3600,
      scope: 'app',
      domain: new URL(emulator.authorizationServer).host,
      server_endpoint: `${emulator.authorizationServer}/rest/`,
      status: 'L',
      client_endpoint: `${portal.origin}/rest/`,
      member_id: portal.memberId,
      user_id: 1,
      refresh_token: expect.stringMatching(/^[0-9a-f]{70}$/),
    });
  });

  it('when the JSON is checked › slashes are escaped as in PHP, and both tokens contain the mark', async () => {
    const { emulator, portal } = await start();

    const { text, body } = await exchange(emulator, portal.issueCode(owner));

    expect(text).toContain('"client_endpoint":"http:\\/\\/127.0.0.1:');
    expect(body.access_token).toContain(SECRET_MARK);
    expect(body.refresh_token).toContain(SECRET_MARK);
  });

  it('when a code is used a second time › refuses with invalid_grant', async () => {
    const { emulator, portal } = await start();
    const code = portal.issueCode(owner);
    await exchange(emulator, code);

    const { status, body } = await exchange(emulator, code);

    expect(status).toBe(400);
    expect(body).toEqual({ error: 'invalid_grant' });
  });

  it('when the code is 29.9 seconds old › still accepts it', async () => {
    const { emulator, portal } = await start({ now: () => 1_790_000_000_000 });
    const code = portal.issueCode(owner);
    emulator.advance(29_900);

    const { status } = await exchange(emulator, code);

    expect(status).toBe(200);
  });

  it('when the code is 30 seconds old › answers 401 expired_token', async () => {
    const { emulator, portal } = await start({ now: () => 1_790_000_000_000 });
    const code = portal.issueCode(owner);
    emulator.advance(30_000);

    const { status, body } = await exchange(emulator, code);

    expect(status).toBe(401);
    expect(body).toEqual({
      error: 'expired_token',
      error_description: 'The authorization token provided has expired.',
    });
  });

  it('when two requests carry the same code › gives tokens to one of them', async () => {
    const { emulator, portal } = await start();
    const code = portal.issueCode(owner);

    const answers = await Promise.all([exchange(emulator, code), exchange(emulator, code)]);

    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400]);
  });

  it('when a wrong secret came first › the code still works', async () => {
    const { emulator, portal } = await start();
    const code = portal.issueCode(owner);
    await askToken(emulator, { grant_type: 'authorization_code', code, client_secret: 'wrong' });

    const { status } = await exchange(emulator, code);

    expect(status).toBe(200);
  });
});

describe('/oauth/token/ with other methods and formats', () => {
  it('when called by GET with a query › answers as for POST', async () => {
    const { emulator, portal } = await start();
    const { clientId: client_id, clientSecret: client_secret } = DEMO_CLIENT;
    const query = form({
      grant_type: 'authorization_code',
      client_id,
      client_secret,
      code: portal.issueCode(owner),
    });

    const { status, body } = await fetch(`${emulator.authorizationServer}/oauth/token/?${query}`).then(read);

    expect(status).toBe(200);
    expect(body.user_id).toBe(1);
  });

  it('when the body is JSON › reads no client id', async () => {
    const { emulator } = await start();

    const answer = await fetch(`${emulator.authorizationServer}/oauth/token/`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ client_id: DEMO_CLIENT.clientId, grant_type: 'authorization_code' }),
    }).then(read);

    expect(answer.body).toEqual({ error: 'wrong_client' });
  });
});

describe('refusals of /oauth/token/', () => {
  it.each([
    ['the client is unknown', { client_id: 'local.unknown' }, 200, { error: 'wrong_client' }],
    ['the client is missing', { client_id: undefined }, 200, { error: 'wrong_client' }],
    [
      'the client and the grant type are unknown',
      { client_id: 'x', grant_type: 'x' },
      200,
      { error: 'wrong_client' },
    ],
    [
      'the grant type is missing',
      { grant_type: undefined },
      400,
      { error: 'invalid_request', error_description: 'Invalid grant_type parameter or parameter missing' },
    ],
    [
      'the grant type is unknown, and the secret wrong',
      { grant_type: 'magic', client_secret: 'wrong' },
      400,
      { error: 'invalid_request', error_description: 'Invalid grant_type parameter or parameter missing' },
    ],
    [
      'the secret is wrong, and the code missing',
      { client_secret: 'wrong' },
      400,
      { error: 'invalid_client' },
    ],
    ['the secret is missing', { client_secret: undefined }, 400, { error: 'invalid_client' }],
    [
      'the grant type is not for applications',
      { grant_type: 'password' },
      400,
      { error: 'unsupported_grant_type' },
    ],
    ['the code is missing', {}, 400, { error: 'invalid_request' }],
    ['the code is garbage', { code: 'garbage' }, 400, { error: 'invalid_grant' }],
    [
      'the refresh token is missing',
      { grant_type: 'refresh_token' },
      400,
      { error: 'invalid_request', error_description: 'No "refresh_token" parameter found' },
    ],
    [
      'the refresh token is unknown',
      { grant_type: 'refresh_token', refresh_token: 'garbage' },
      400,
      { error: 'invalid_grant' },
    ],
  ])('when %s › answers as the table says', async (_, params, status, body) => {
    const { emulator } = await start();

    const answer = await askToken(emulator, { grant_type: 'authorization_code', ...params });

    expect(answer.status).toBe(status);
    expect(answer.body).toEqual(body);
  });

  it('when the code belongs to another application › answers invalid_grant', async () => {
    const { emulator, portal } = await start();
    emulator.registerClient({ ...DEMO_CLIENT, clientId: 'local.other' });
    const code = portal.issueCode({ clientId: 'local.other', userId: 1 });

    const { status, body } = await exchange(emulator, code);

    expect(status).toBe(400);
    expect(body).toEqual({ error: 'invalid_grant' });
  });

  it('when the refresh token belongs to another application › answers invalid_grant', async () => {
    const { emulator, portal } = await start();
    emulator.registerClient({ ...DEMO_CLIENT, clientId: 'local.other' });
    const { refreshToken } = portal.issueTokens({ clientId: 'local.other', userId: 1 });

    const { body } = await refresh(emulator, refreshToken);

    expect(body).toEqual({ error: 'invalid_grant' });
  });

  it('when the refresh token is 28 days old › answers 401 expired_token', async () => {
    const { emulator, portal } = await start();
    const { refreshToken } = tokensFor(portal);
    emulator.advance(28 * 24 * 3600 * 1000);

    const { status, body } = await refresh(emulator, refreshToken);

    expect(status).toBe(401);
    expect(body).toEqual({
      error: 'expired_token',
      error_description: 'The refresh token provided has expired.',
    });
  });

  it('when the application was removed › answers 401 NOT_INSTALLED to code and refresh token', async () => {
    const { emulator, portal } = await start();
    const code = portal.issueCode(owner);
    const { refreshToken } = tokensFor(portal);
    portal.uninstall();

    const answers = [await exchange(emulator, code), await refresh(emulator, refreshToken)];

    for (const { status, body } of answers) {
      expect(status).toBe(401);
      expect(body).toEqual({ error: 'NOT_INSTALLED', error_description: 'Application not installed' });
    }
  });

  it('when the application was removed and installed again › earlier tokens stay invalid', async () => {
    const { emulator, portal } = await start();
    const { refreshToken } = tokensFor(portal);
    portal.uninstall();
    portal.install();

    const { body } = await refresh(emulator, refreshToken);

    expect(body).toEqual({ error: 'invalid_grant' });
  });

  it('when the payment ended › answers 401 PAYMENT_REQUIRED', async () => {
    const { emulator, portal } = await start();
    portal.setUnpaid(true);

    const { status, body } = await exchange(emulator, portal.issueCode(owner));

    expect(status).toBe(401);
    expect(body).toEqual({ error: 'PAYMENT_REQUIRED', error_description: 'Payment required' });
  });

  it('when the user may not use the application › refuses the refresh with 403 user_access_error', async () => {
    const { emulator, portal } = await start({
      portals: [aPortal({ users: [aPortalUser({ appAccess: false })] })],
    });

    const { status, body } = await refresh(emulator, tokensFor(portal).refreshToken);

    expect(status).toBe(403);
    expect(body).toEqual({ error: 'user_access_error' });
  });

  it('when grants were revoked › refuses code and refresh token of that user only', async () => {
    const { emulator, portal } = await start({
      portals: [aPortal({ users: [aPortalUser(), aPortalUser({ id: 2 })] })],
    });
    const code = portal.issueCode(owner);
    const [first, second] = [tokensFor(portal, 1), tokensFor(portal, 2)];
    portal.revokeGrants(1);

    const answers = [
      await exchange(emulator, code),
      await refresh(emulator, first.refreshToken),
      await refresh(emulator, second.refreshToken),
    ];

    expect(answers.map(({ status }) => status)).toEqual([400, 400, 200]);
  });
});

describe('rotation', () => {
  it('when a token is refreshed › the old refresh token and the old access token are invalid', async () => {
    const { emulator, portal } = await start();
    const before = tokensFor(portal);

    const { body } = await refresh(emulator, before.refreshToken);

    expect(body.refresh_token).not.toBe(before.refreshToken);
    expect((await refresh(emulator, before.refreshToken)).body).toEqual({ error: 'invalid_grant' });
    expect((await callRest(before, 'profile')).body.error).toBe('invalid_token');
    expect((await callRest({ ...before, accessToken: body.access_token }, 'profile')).status).toBe(200);
  });

  it('when a refresh token is reused › the token family stays valid', async () => {
    const { emulator, portal } = await start();
    const { refreshToken } = tokensFor(portal);
    const { body } = await refresh(emulator, refreshToken);
    await refresh(emulator, refreshToken);

    const { status } = await refresh(emulator, body.refresh_token);

    expect(status).toBe(200);
  });

  it('when a refresh token is reused with familyKill › the whole token family is revoked', async () => {
    const { emulator, portal } = await start({ familyKill: true });
    const before = tokensFor(portal);
    const { body } = await refresh(emulator, before.refreshToken);
    await refresh(emulator, before.refreshToken);

    const answer = await refresh(emulator, body.refresh_token);

    expect(answer.body).toEqual({ error: 'invalid_grant' });
    expect((await callRest({ ...before, accessToken: body.access_token }, 'profile')).body.error).toBe(
      'invalid_token',
    );
  });

  it('when one token family is rotated › another one of the same user stays valid', async () => {
    const { emulator, portal } = await start({ familyKill: true });
    const [one, other] = [tokensFor(portal), tokensFor(portal)];
    await refresh(emulator, one.refreshToken);
    await refresh(emulator, one.refreshToken);

    const { status } = await refresh(emulator, other.refreshToken);

    expect(status).toBe(200);
  });

  it('when rotation is lenient › the old pair still works', async () => {
    const { emulator, portal } = await start({ rotation: 'lenient' });
    const before = tokensFor(portal);
    await refresh(emulator, before.refreshToken);

    const again = await refresh(emulator, before.refreshToken);

    expect(again.status).toBe(200);
    expect((await callRest(before, 'profile')).status).toBe(200);
  });

  it('when a switch is changed while running › it takes effect from then on', async () => {
    const { emulator, portal } = await start();
    const { refreshToken } = tokensFor(portal);
    emulator.set({ tokenScope: 'crm,user', accessTokenLifetimeSeconds: 60 });

    const { body } = await refresh(emulator, refreshToken);

    expect(body.scope).toBe('crm,user');
    expect(body.expires_in).toBe(60);
  });
});

describe('GET /rest/app.info of the authorization server', () => {
  it('when the token is valid › gives its portal and user', async () => {
    const { emulator, portal } = await start({ now: () => 1_790_000_000_000 });
    const { accessToken } = tokensFor(portal);

    const { status, body } = await fetch(
      `${emulator.authorizationServer}/rest/app.info?auth=${accessToken}`,
    ).then(read);

    expect(status).toBe(200);
    expect(body.result).toMatchObject({
      client_id: DEMO_CLIENT.clientId,
      scope: 'app',
      expires: '2026-09-21T15:13:20+00:00',
      install: {
        installed: true,
        status: 'L',
        scope: 'crm,user',
        client_endpoint: `${portal.origin}/rest/`,
        uri: portal.origin,
        member_id: portal.memberId,
      },
      user_id: 1,
    });
    expect(body.time).toMatchObject({
      start: 1_790_000_000,
      finish: expect.any(Number),
      duration: expect.any(Number),
      processing: expect.any(Number),
      date_start: '2026-09-21T14:13:20+00:00',
      date_finish: '2026-09-21T14:13:20+00:00',
    });
  });

  it('when the token is unknown › answers 400 invalid_client', async () => {
    const { emulator } = await start();

    const { status, body } = await fetch(
      `${emulator.authorizationServer}/rest/app.info?auth=${'0'.repeat(70)}`,
    ).then(read);

    expect(status).toBe(400);
    expect(body.error).toBe('invalid_client');
  });

  it('when the token is an hour old › answers 401 expired_token', async () => {
    const { emulator, portal } = await start();
    const { accessToken } = tokensFor(portal);
    emulator.advance(3_600_000);

    const { status, body } = await fetch(
      `${emulator.authorizationServer}/rest/app.info?auth=${accessToken}`,
    ).then(read);

    expect(status).toBe(401);
    expect(body.error).toBe('expired_token');
  });
});
