import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { aCompany, aPortal, aUser } from '../support/builders.ts';
import { startApp, type TestApp } from '../support/start-app.ts';

describe.each([
  ['moscow', 'Europe/Moscow', '05 Mar 2026', '20:30'],
  ['vladivostok', 'Asia/Vladivostok', '06 Mar 2026', '03:30'],
])('a user in the time zone of %s', (login, timeZone, day, time) => {
  let app: TestApp;
  beforeAll(async () => {
    const company = aCompany({ ID: '1', DATE_CREATE: '2026-03-05T20:30:00+03:00' });
    const users = [aUser({ id: 1, login, timeZone, crm: 'all' })];
    app = await startApp({ emulator: { portals: [aPortal({ companies: [company], users })] } });
  });
  afterAll(() => app.stop());

  it.each(['/companies', '/companies/1'])('%s › shows instants by their clock', async (path) => {
    const agent = app.agent();
    await app.signIn(agent, login);

    const { text } = await agent.visit(`${app.origin}${path}`);

    expect(text).toMatch(new RegExp(`${day},? ${time}`));
  });
});
