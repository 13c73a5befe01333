import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { BrowserAgent } from '../support/browser-agent.ts';
import { aCompany, aPortal, aUser } from '../support/builders.ts';
import { startApp, type TestApp } from '../support/start-app.ts';

/** Those that the filter of a list offers. */
const OFFERED = 200;
const LAST = 230;
const GONE = 999;

let app: TestApp;
let agent: BrowserAgent;
beforeAll(async () => {
  const staff = Array.from({ length: LAST }, (_, index) => index + 1).map((id) =>
    aUser({ id, login: `user${id}`, name: 'Nr', lastName: String(id).padStart(3, '0'), crm: 'all' }),
  );
  const gone = aUser({ id: GONE, login: 'gone', name: 'Dora', lastName: 'Departed', active: false });
  app = await startApp({ emulator: { portals: [aPortal({ users: [...staff, gone] })] }, cacheSeconds: 30 });
  app.emulator.portals[0]?.putCompany(aCompany({ ID: '50', ASSIGNED_BY_ID: String(GONE) }));
  agent = app.agent();
  await app.signIn(agent, 'user1');
});
afterAll(() => app.stop());
afterEach(() => {
  app.emulator.clearFaults();
  app.emulator.clearRequests();
});

describe('GET /companies, filtered by who is responsible', () => {
  it.each([
    ['was dismissed', GONE, 'Dora Departed'],
    ['was dismissed, and nothing is found', GONE, 'Dora Departed', '&q=nothing'],
    ['comes after those that are offered', LAST, 'Nr 230'],
    ['is one of those', OFFERED, 'Nr 200'],
  ])('when somebody %s › has their name', async (_case, id, name, more = '') => {
    const { text } = await agent.visit(`${app.origin}/companies?responsible=${id}${more}`);

    expect(chipOf(text)).toBe(`Responsible: ${name}`);
    expect(chosenOf(text)).toBe(name);
  });

  it('when the name is asked for › costs no further request, and none the next time', async () => {
    await agent.visit(`${app.origin}/companies?responsible=229`);
    await agent.visit(`${app.origin}/companies?responsible=229&sort=title`);

    const asked = app.emulator.requests.flatMap(({ commands }) => (commands ? [[...commands]] : []));
    expect(asked).toEqual([
      ['crm.company.list', 'user.get', 'user.get'],
      ['crm.company.list', 'user.get'],
    ]);
  });

  it('when nobody has such an id › is called by it', async () => {
    const { text } = await agent.visit(`${app.origin}/companies?responsible=12345`);

    expect([chipOf(text), chosenOf(text)]).toEqual(['Responsible: User 12345', 'User 12345']);
  });
});

function chipOf(html: string): string | undefined {
  return /data-filter="responsible"[^>]*><bdi>([^<]*)</.exec(html)?.[1];
}

function chosenOf(html: string): string | undefined {
  const select = /<select[^>]*name="responsible".*?<\/select>/s.exec(html)?.[0] ?? '';
  return /<option[^>]*selected[^>]*>([^<]*)</.exec(select)?.[1];
}
