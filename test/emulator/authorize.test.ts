import { describe, expect, it } from '@jest/globals';

import { SECRET_MARK } from '../../emulator/index.ts';
import {
  aPortal,
  aPortalUser,
  authorize,
  authorizeUrl,
  DEMO_CLIENT,
  form,
  read,
  signIn,
  start,
} from './support.ts';

describe('GET /oauth/authorize/', () => {
  it('when a portal user is signed in › redirects to the registered address with the six documented parameters', async () => {
    const { emulator, portal } = await start();

    const redirect = await authorize(portal, { state: 'opaque value' });

    expect(redirect.origin + redirect.pathname).toBe(DEMO_CLIENT.redirectUri);
    expect(Object.fromEntries(redirect.searchParams)).toEqual({
      code: expect.stringMatching(/^[0-9a-f]{70}$/),
      state: 'opaque value',
      domain: '127.0.0.1',
      member_id: portal.memberId,
      scope: 'crm,user',
      server_domain: new URL(emulator.authorizationServer).host,
    });
    expect(redirect.search).toContain('scope=crm%2Cuser');
  });

  it('when a portal user is signed in › answers 302 without a page', async () => {
    const { portal } = await start();
    const cookie = await signIn(portal);

    const response = await fetch(authorizeUrl(portal), { headers: { cookie }, redirect: 'manual' });

    expect(response.status).toBe(302);
    expect(await response.text()).toBe('');
  });

  it('when the request has no state › the redirect has an empty one', async () => {
    const { portal } = await start();

    const redirect = await authorize(portal);

    expect(redirect.searchParams.get('state')).toBe('');
  });

  it('when a code is issued › contains the mark and its expiry in little endian', async () => {
    const { portal } = await start({ now: () => 1_790_000_000_000 });

    const redirect = await authorize(portal);

    const code = redirect.searchParams.get('code') ?? '';
    expect(code).toContain(SECRET_MARK);
    expect(Buffer.from(code.slice(0, 8), 'hex').readUInt32LE()).toBe(1_790_000_030);
  });

  it('when the registered address has a query and a fragment › appends by & and keeps the fragment last', async () => {
    const redirectUri = 'http://localhost:1/bitrix?from=portal#/home';
    const { portal } = await start({ clients: [{ ...DEMO_CLIENT, redirectUri }] });

    const redirect = await authorize(portal, { state: 's' });

    expect(redirect.href).toMatch(/^http:\/\/localhost:1\/bitrix\?from=portal&code=[^#]+#\/home$/);
  });

  it('when redirect_uri and scope are sent › ignores both', async () => {
    const { portal } = await start();

    const redirect = await authorize(portal, { redirect_uri: 'http://localhost:9/elsewhere', scope: 'task' });

    expect(redirect.origin + redirect.pathname).toBe(DEMO_CLIENT.redirectUri);
    expect(redirect.searchParams.get('scope')).toBe('crm,user');
  });

  it('when the portal grants less than the card has › scope has only what is granted', async () => {
    const { portal } = await start({ portals: [aPortal({ scope: ['user'] })] });

    const redirect = await authorize(portal);

    expect(redirect.searchParams.get('scope')).toBe('user');
  });

  it('when no portal user is signed in › shows the sign-in form of the portal at the same address', async () => {
    const { portal } = await start();

    const page = await fetch(authorizeUrl(portal, { state: 'a"b' })).then(read);

    expect(page.status).toBe(200);
    expect(page.text).toContain(
      `action="/oauth/authorize/?client_id=${DEMO_CLIENT.clientId}&amp;state=a%22b"`,
    );
    expect(page.text).toContain('name="password"');
  });

  it('when no portal user is signed in and the application is unknown › shows a page of the portal: application not found', async () => {
    const { portal } = await start();

    const page = await fetch(authorizeUrl(portal, { client_id: 'local.unknown' }), {
      redirect: 'manual',
    }).then(read);

    expect(page.status).toBe(200);
    expect(page.text).toContain('Application was not found.');
  });

  it('when no portal user is signed in and the application was removed › shows a page: application not found', async () => {
    const { portal } = await start();
    portal.uninstall();

    const page = await fetch(authorizeUrl(portal), { redirect: 'manual' }).then(read);

    expect(page.text).toContain('Application was not found.');
  });

  it('when client_id is missing › shows a page: application not found, signed in or not', async () => {
    const { portal } = await start();
    const cookie = await signIn(portal);

    const page = await fetch(`${portal.origin}/oauth/authorize/`, { headers: { cookie } }).then(read);

    expect(page.text).toContain('Application was not found.');
  });

  it('when a portal user is signed in and the application was removed › shows ERROR_OAUTH with status 200', async () => {
    const { portal } = await start();
    const cookie = await signIn(portal);
    portal.uninstall();

    const page = await fetch(authorizeUrl(portal), { headers: { cookie }, redirect: 'manual' }).then(read);

    expect(page.status).toBe(200);
    expect(page.text).toContain('ERROR_OAUTH: Application not installed');
  });

  it('when a portal user is signed in and the application is unknown › shows WRONG_APPLICATION_CLIENT', async () => {
    const { portal } = await start();
    const cookie = await signIn(portal);

    const page = await fetch(authorizeUrl(portal, { client_id: 'local.unknown' }), {
      headers: { cookie },
    }).then(read);

    expect(page.text).toContain('WRONG_APPLICATION_CLIENT: Unable to get application data');
  });

  it('when the payment ended › still gives a code', async () => {
    const { portal } = await start();
    portal.setUnpaid(true);

    const redirect = await authorize(portal);

    expect(redirect.searchParams.get('code')).toMatch(/^[0-9a-f]{70}$/);
  });

  it('when the administrator does not allow the user to use the application › still gives a code', async () => {
    const { portal } = await start({ portals: [aPortal({ users: [aPortalUser({ appAccess: false })] })] });

    const redirect = await authorize(portal);

    expect(redirect.searchParams.get('code')).toMatch(/^[0-9a-f]{70}$/);
  });
});

describe('POST /oauth/authorize/', () => {
  it('when login and password are right › sets the cookie of the portal and redirects to the same address', async () => {
    const { portal } = await start();

    const response = await fetch(authorizeUrl(portal, { state: 's' }), {
      method: 'POST',
      body: form({ login: 'user1', password: 'demo' }),
      redirect: 'manual',
    });

    expect(response.status).toBe(303);
    expect(response.headers.get('location')).toBe(
      `/oauth/authorize/?client_id=${DEMO_CLIENT.clientId}&state=s`,
    );
    expect(response.headers.getSetCookie()).toEqual([
      expect.stringMatching(`^emulator_portal_${portal.memberId}=[0-9a-f]+; Path=/; HttpOnly; SameSite=Lax$`),
    ]);
  });

  it('when the password is wrong › shows the form again with a message and no cookie', async () => {
    const { portal } = await start();

    const page = await fetch(authorizeUrl(portal), {
      method: 'POST',
      body: form({ login: '"><b>', password: 'wrong' }),
    }).then(read);

    expect(page.status).toBe(200);
    expect(page.text).toContain('Wrong login or password.');
    expect(page.text).toContain('value="&quot;&gt;&lt;b&gt;"');
    expect(page.headers.getSetCookie()).toEqual([]);
  });

  it('when the portal user was dismissed › does not sign them in', async () => {
    const { portal } = await start({ portals: [aPortal({ users: [aPortalUser({ active: false })] })] });

    const cookie = await signIn(portal);

    expect(cookie).toBe('');
  });
});

describe('several portals on one port', () => {
  it('when two portals share it › the Host header selects the portal', async () => {
    const portals = [
      aPortal({ host: 'localhost', title: 'First' }),
      aPortal({ host: '127.0.0.1', title: 'Second' }),
    ];
    const { emulator } = await start({ portals });

    const pages = await Promise.all(emulator.portals.map(({ origin }) => fetch(`${origin}/`).then(read)));

    expect(pages.map(({ text }) => /<h1>(.*?)<\/h1>/.exec(text)?.[1])).toEqual(['First', 'Second']);
    expect(new URL(emulator.portals[0]?.origin ?? '').port).toBe(
      new URL(emulator.portals[1]?.origin ?? '').port,
    );
  });

  it('when a portal user is signed in to one portal › is not signed in to the other', async () => {
    const portals = [aPortal({ host: '127.0.0.2' }), aPortal({ host: '127.0.0.1' })];
    const { emulator, portal } = await start({ portals });
    const cookie = await signIn(portal);

    const page = await fetch(`${emulator.portals[1]?.origin}/`, { headers: { cookie } }).then(read);

    expect(page.text).toContain('Nobody is signed in.');
  });

  it('when no portal has that host › answers 404', async () => {
    const { portal } = await start();

    const response = await fetch(`${portal.origin.replace('127.0.0.1', 'localhost')}/`);

    expect(response.status).toBe(404);
  });

  it('when one is renamed › the old address answers 302 and the new one serves', async () => {
    const { portal } = await start();
    const formerOrigin = portal.origin;
    await portal.renameTo('127.0.0.9');

    const former = await fetch(`${formerOrigin}/rest/profile?x=1`, { redirect: 'manual' });
    const page = await fetch(`${portal.origin}/`);

    expect(former.status).toBe(302);
    expect(former.headers.get('location')).toBe(`${portal.origin}/rest/profile?x=1`);
    expect(portal.origin).toContain('//127.0.0.9:');
    expect(page.status).toBe(200);
  });
});

describe('pages of a portal', () => {
  it('when a portal user signs out › the next authorization shows the sign-in form again', async () => {
    const { portal } = await start();
    const cookie = await signIn(portal);

    await fetch(`${portal.origin}/logout/`, { method: 'POST', headers: { cookie }, redirect: 'manual' });

    const page = await fetch(authorizeUrl(portal), { headers: { cookie } }).then(read);
    expect(page.text).toContain('name="password"');
  });

  it('when the token endpoint is requested at the portal › answers 404', async () => {
    const { portal } = await start();

    const response = await fetch(`${portal.origin}/oauth/token/`, { method: 'POST', body: form({ a: 'b' }) });

    expect(response.status).toBe(404);
  });
});
