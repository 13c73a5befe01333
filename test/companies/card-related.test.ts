import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { aContact, aDeal } from '../../emulator/builders.ts';
import type { DealCategory } from '../../emulator/index.ts';
import type { BrowserAgent } from '../support/browser-agent.ts';
import { aCompany, aPortal, aUser } from '../support/builders.ts';
import { startApp, type TestApp } from '../support/start-app.ts';

const PHONE = { ID: '1', VALUE_TYPE: 'WORK', VALUE: '+7 495 000-00-01', TYPE_ID: 'PHONE' as const };

let app: TestApp;
let admin: BrowserAgent;
beforeAll(async () => {
  const companies = Array.from({ length: 120 }, (_, index) => aCompany({ ID: String(index + 1) }));
  const contacts = [
    aContact({ ID: '11', NAME: 'Ada', LAST_NAME: 'Byron', POST: null, COMPANY_ID: '5', PHONE: [PHONE] }),
    aContact({ ID: '12', NAME: null, LAST_NAME: null, COMPANY_ID: '5', ASSIGNED_BY_ID: '2' }),
    // Tied to company 5 as well, though company 6 is their main one.
    aContact({ ID: '13', NAME: 'Two', LAST_NAME: 'Jobs', COMPANY_ID: '6', COMPANY_IDS: ['6', '5'] }),
    aContact({ ID: '14', COMPANY_ID: '6' }),
  ];
  const deals = [
    aDeal({ ID: '21', TITLE: 'Won', COMPANY_ID: '5', STAGE_ID: 'WON', CLOSED: 'Y', OPPORTUNITY: '10.50' }),
    aDeal({ ID: '22', TITLE: 'Open', COMPANY_ID: '5', STAGE_ID: 'NEW', ASSIGNED_BY_ID: '2' }),
    aDeal({ ID: '23', TITLE: 'Odd', COMPANY_ID: '5', STAGE_ID: 'C77:GONE', OPPORTUNITY: null }),
    aDeal({ ID: '24', COMPANY_ID: '6' }),
    aDeal({ ID: '31', COMPANY_ID: '7', CATEGORY_ID: '2', STAGE_ID: 'C2:NEW' }),
    aDeal({ ID: '32', COMPANY_ID: '7', CATEGORY_ID: '13', STAGE_ID: 'C13:NEW' }),
    aDeal({ ID: '33', COMPANY_ID: '7', CATEGORY_ID: '14', STAGE_ID: 'C14:LOSE' }),
  ];
  const dealCategories = Array.from({ length: 15 }, (_, id) => pipeline(id));
  const users = [aUser({ id: 1, login: 'admin', crm: 'all' }), aUser({ id: 2, login: 'own', crm: 'own' })];
  companies[4] = aCompany({ ID: '5', ASSIGNED_BY_ID: '2' });
  app = await startApp({
    emulator: { portals: [aPortal({ companies, contacts, deals, dealCategories, users })] },
  });
  admin = app.agent();
  await app.signIn(admin);
});
afterAll(() => app.stop());

describe('GET /companies/:id as JSON', () => {
  it('when it has contacts › tells those it is the main company of, and those that are tied to it besides', async () => {
    const { contacts } = await card(admin, 5);

    expect(contacts.total).toBe(3);
    expect(contacts.items.map(({ id, name }) => [id, name])).toEqual([
      [11, 'Ada Byron'],
      [12, null],
      [13, 'Two Jobs'],
    ]);
    expect(contacts.items[0]).toMatchObject({ post: null, phones: ['+7 495 000-00-01'], emails: [] });
  });

  it('when it has deals › tells the open ones first, with stage and amount', async () => {
    const { deals } = await card(admin, 5);

    expect(
      deals.items.map(({ title, stage, amount, isClosed }) => [title, stage.outcome, amount, isClosed]),
    ).toEqual([
      ['Odd', null, null, false],
      ['Open', null, 1000, false],
      ['Won', 'won', 10.5, true],
    ]);
    // A stage that the portal does not name is shown as it is.
    expect(deals.items[0]?.stage.name).toBe('C77:GONE');
  });

  it('when somebody may read their own records only › tells no others', async () => {
    const agent = app.agent();
    await app.signIn(agent, 'own');

    const { contacts, deals } = await card(agent, 5);

    expect(contacts.items.map(({ id }) => id)).toEqual([12]);
    expect(deals.items.map(({ title }) => title)).toEqual(['Open']);
  });

  it('when a portal refuses them › is a card all the same', async () => {
    for (const restMethod of ['crm.contact.list', 'crm.deal.list', 'crm.company.contact.items.get']) {
      const effect = { type: 'error', status: 400, error: 'ERROR_METHOD_NOT_FOUND' } as const;
      app.emulator.orderFault({ on: 'rest', restMethod, times: 1, effect });
    }

    const { company, contacts, deals } = await card(admin, 5);
    const page = await admin.visit(`${app.origin}/companies/5`);

    expect([company.id, contacts, deals]).toEqual([5, null, null]);
    expect(page.status).toBe(200);
  });

  it('when there are many pipelines › tells the stages of those that deals are in, in one more request', async () => {
    app.emulator.clearRequests();

    const { deals } = await card(admin, 7);

    expect(deals.items.map(({ stage }) => [stage.name, stage.outcome])).toEqual([
      ['Lost in 14', 'lost'],
      ['Begun in 13', null],
      ['Begun in 2', null],
    ]);
    const asked = app.emulator.requests.map(({ commands = [] }) => commands);
    expect(asked).toEqual([
      expect.arrayContaining(['crm.deal.list']),
      ['crm.status.list', 'crm.status.list'],
    ]);
  });

  it('when everything is asked for the first time › costs one request, and one for those tied besides', async () => {
    app.emulator.clearRequests();

    await card(admin, 6);
    await card(admin, 5);

    expect(app.emulator.requests.map(({ restMethod }) => restMethod).sort()).toEqual([
      'batch',
      'batch',
      // For the stage of a deal in a pipeline that is gone.
      'batch',
      'crm.contact.list',
    ]);
  });
});

describe('the companies before and after', () => {
  it.each([
    ['', 120, undefined, 119],
    ['', 71, 72, 70],
    ['page=2', 70, 71, 69],
    ['page=3', 1, 2, undefined],
    ['sort=id&order=asc', 50, 49, 51],
    ['sort=id&order=asc&page=2', 51, 50, 52],
  ])('in the list ?%s › of company %i are %j and %j', async (from, id, previous, next) => {
    const { text } = await admin.visit(`${app.origin}/companies/${id}?from=${encodeURIComponent(from)}`);

    expect(neighbour(text, 'prev')).toBe(previous);
    expect(neighbour(text, 'next')).toBe(next);
  });

  it('when the company is not in that list › are none', async () => {
    const { text } = await admin.visit(`${app.origin}/companies/5?from=q%3Dnothing`);

    expect([neighbour(text, 'prev'), neighbour(text, 'next')]).toEqual([undefined, undefined]);
  });
});

interface Card {
  company: { id: number };
  contacts: { total: number; items: { id: number; name: string | null; post: string | null }[] };
  deals: {
    items: {
      title: string;
      amount: number | null;
      isClosed: boolean;
      stage: { name: string; outcome: string | null };
    }[];
  };
}

/** A pipeline with three stages. */
function pipeline(id: number): DealCategory {
  const stages = [
    ['NEW', 'Begun', null],
    ['WON', 'Won', 'S'],
    ['LOSE', 'Lost', 'F'],
  ] as const;
  return {
    id,
    name: `Pipeline ${id}`,
    stages: stages.map(([stage, name, SEMANTICS]) => ({
      STATUS_ID: id === 0 ? stage : `C${id}:${stage}`,
      NAME: `${name} in ${id}`,
      SEMANTICS,
      COLOR: '#000000',
      SYSTEM: 'Y',
    })),
  };
}

async function card(agent: BrowserAgent, id: number): Promise<Card> {
  const answer = await agent.request(`${app.origin}/companies/${id}`, {
    headers: { accept: 'application/json' },
  });
  return JSON.parse(answer.text) as Card;
}

function neighbour(html: string, rel: 'prev' | 'next'): number | undefined {
  const id = new RegExp(`rel="${rel}" href="/companies/(\\d+)`).exec(html)?.[1];
  return id === undefined ? undefined : Number(id);
}
