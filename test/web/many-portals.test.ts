import { describe, expect, it } from '@jest/globals';
import { startApp } from '../support/start-app.ts';

/** The least buffer of nginx (`proxy_buffer_size`), which has to hold all headers. */
const NGINX_BUFFER = 4096;
const MANY = Array.from({ length: 200 }, (_, index) => `https://portal-number-${index}.example.com`);

describe('200 listed portals', () => {
  it('make no headers that a proxy cannot take, on any page', async () => {
    const many = await startApp({ portals: MANY.join(',') });
    const framed = { origin: MANY[7] ?? '', 'sec-fetch-site': 'cross-site' };
    const agent = many.agent();
    const answers = await Promise.all([
      ...['/', '/login', '/companies', '/nowhere', '/account/add', '/readyz'].map((path) =>
        agent.request(many.origin + path),
      ),
      agent.request(`${many.origin}/bitrix`, { headers: framed, form: { AUTH_ID: 'x' } }),
    ]);

    const sizes = answers.map(({ headers }) =>
      [...headers].reduce((sum, [name, value]) => sum + name.length + value.length + 4, 0),
    );

    expect(Math.max(...sizes)).toBeLessThan(NGINX_BUFFER / 2);
    await many.stop();
  });
});

describe('form-action', () => {
  const directive = ({ headers }: { headers: Headers }) =>
    /form-action [^;]*/.exec(headers.get('content-security-policy') ?? '')?.[0];

  it('names the portals of the people who are signed in with this browser, because a form may end there', async () => {
    const app = await startApp();
    const agent = app.agent();
    await app.signIn(agent);

    const page = await agent.request(`${app.origin}/companies`);

    expect(directive(page)).toBe(`form-action 'self' ${app.emulator.portals[0]?.origin}`);
    await app.stop();
  });

  it('names allowed portals to a visitor only where an address may be typed, and none twice', async () => {
    const app = await startApp({ portals: 'http://box.local,https://acme.bitrix24.ru,*.bitrix24.ru' });
    const agent = app.agent();

    const [signIn, other] = await Promise.all(
      ['/', '/nowhere'].map((path) => agent.request(app.origin + path)),
    );

    expect(signIn && directive(signIn)).toBe("form-action 'self' http://box.local https://*.bitrix24.ru");
    expect(other && directive(other)).toBe("form-action 'self'");
    await app.stop();
  });
});

describe('a portal whose name is not ASCII', () => {
  it('is shown as people write it', async () => {
    const app = await startApp({ portals: 'https://портал.рф,https://компании.example:8443' });

    const { text } = await app.agent().request(`${app.origin}/`);

    expect(text).toContain('Sign in with портал.рф');
    expect(text).toContain('Sign in with компании.example:8443');
    expect(text.replaceAll(/href="[^"]*"/g, '')).not.toContain('xn--');
    await app.stop();
  });
});
