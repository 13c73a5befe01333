import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { BrowserAgent } from '../support/browser-agent.ts';
import { aCompany, aPortal } from '../support/builders.ts';
import { startApp, type TestApp } from '../support/start-app.ts';

let app: TestApp;
let admin: BrowserAgent;
beforeAll(async () => {
  const full = aCompany({
    ID: '5',
    TITLE: '<script>alert(1)</script>',
    COMMENTS: '<b>markup</b>',
    ADDRESS: 'Line one\nLine two',
    BANKING_DETAILS: '',
    LEAD_ID: '0',
    OPENED: 'Y',
    IS_MY_COMPANY: 'N',
    PHONE: [{ ID: '1', VALUE_TYPE: 'MOBILE', VALUE: '+7 900 000-00-00', TYPE_ID: 'PHONE' }],
    WEB: [
      { ID: '2', VALUE_TYPE: 'WORK', VALUE: 'https://shop.example/?a=1&b=2', TYPE_ID: 'WEB' },
      { ID: '3', VALUE_TYPE: 'WORK', VALUE: 'javascript:alert(1)', TYPE_ID: 'WEB' },
    ],
  });
  const bare = aCompany({ ID: '6', COMMENTS: '<p></p>' });
  app = await startApp({ emulator: { portals: [aPortal({ companies: [full, bare] })] } });
  admin = app.agent();
  await app.signIn(admin);
});
afterAll(() => app.stop());

describe('GET /companies/:id', () => {
  it('shows every field that has a value under the label the portal gives it', async () => {
    const page = await admin.visit(`${app.origin}/companies/5`);

    for (const label of [
      'Company type',
      'Annual revenue',
      'Phone',
      'Responsible person',
      'Available to everyone',
    ]) {
      expect(page.text).toContain(`<dt>${label}</dt>`);
    }
    expect(page.text).not.toContain('Payment details');
  });

  it('shows markup as text', async () => {
    const page = await admin.visit(`${app.origin}/companies/5`);

    expect(page.text).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(page.text).not.toContain('<script>');
    expect(page.text).not.toContain('<b>markup');
  });

  it('leaves comments out that hold nothing but markup', async () => {
    const [full, bare] = await Promise.all(
      [5, 6].map((id) => admin.visit(`${app.origin}/companies/${id}`).then(({ text }) => text)),
    );

    expect(full).toContain('group-comments');
    expect(bare).not.toContain('group-comments');
    expect(bare).not.toContain('&lt;p&gt;');
  });

  it('links what is safe to follow, and only that', async () => {
    const page = await admin.visit(`${app.origin}/companies/5`);

    expect(page.text).toContain('href="tel:+79000000000"');
    expect(page.text).toContain('href="https://shop.example/?a=1&amp;b=2"');
    expect(page.text).not.toContain('href="javascript:');
    expect(page.text).toContain('javascript:alert(1)');
  });

  it('leads to the same company in Bitrix24', async () => {
    const page = await admin.visit(`${app.origin}/companies/5`);

    expect(page.text).toContain(`href="${app.emulator.portals[0]?.origin}/crm/company/details/5/"`);
  });

  it.each([
    ['q=Gam&page=2', '/companies?q=Gam&amp;page=2'],
    ['page=0', '/companies'],
    ['//evil.example', '/companies'],
  ])('leads back from "%s" to %s', async (from, expected) => {
    const page = await admin.visit(`${app.origin}/companies/5?from=${encodeURIComponent(from)}`);

    expect(page.text).toContain(`<a href="${expected}" data-key="Escape"><span aria-hidden="true">←</span>`);
  });

  it('as JSON gives the company and its fields', async () => {
    const answer = await admin.request(`${app.origin}/companies/5`, {
      headers: { accept: 'application/json' },
    });

    expect(JSON.parse(answer.text)).toMatchObject({
      company: { id: 5, title: '<script>alert(1)</script>', revenue: 1000 },
      fields: expect.arrayContaining([
        { name: 'COMPANY_TYPE', label: 'Company type', values: [{ kind: 'text', text: 'Client' }] },
        { name: 'OPENED', label: 'Available to everyone', values: [{ kind: 'flag', isOn: true }] },
      ]),
    });
  });

  it.each(['999', '0', '-5', 'abc', '5.5', '1e3', '99999999999999999999', '%3Cscript%3E'])(
    '%s answers 404',
    async (id) => {
      const page = await admin.visit(`${app.origin}/companies/${id}`);

      expect(page.status).toBe(404);
      expect(page.text).toContain('There is nothing here');
    },
  );

  it('when nobody is signed in comes back to the card after the portal', async () => {
    const agent = app.agent();

    const form = await agent.visit(`${app.origin}/companies/5`);
    const page = await agent.post(form.url.href, { login: 'admin', password: 'demo' });

    expect(page.url.pathname).toBe('/companies/5');
  });
});

describe('GET /companies/:id without permissions of the application', () => {
  it('on CRM tells whom to ask for what', async () => {
    const withoutCrm = await startApp({ emulator: { portals: [aPortal({ scope: ['user'] })] } });

    const page = await withoutCrm.signIn(withoutCrm.agent());
    await withoutCrm.stop();

    expect(page.status).toBe(403);
    expect(page.text).toContain('CRM (crm)');
  });

  it('on users shows companies with ids of people', async () => {
    const withoutUsers = await startApp({ emulator: { portals: [aPortal({ scope: ['crm'] })] } });
    const agent = withoutUsers.agent();
    await withoutUsers.signIn(agent);

    const page = await agent.visit(`${withoutUsers.origin}/companies/1`);
    await withoutUsers.stop();

    expect(page.status).toBe(200);
    expect(page.text).toContain('User 1');
  });
});
