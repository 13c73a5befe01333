import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { aContact } from '../../emulator/builders.ts';
import type { BrowserAgent } from '../support/browser-agent.ts';
import { aCompany, aPortal } from '../support/builders.ts';
import { startApp, type TestApp } from '../support/start-app.ts';
import { multifield, search } from './search-support.ts';

describe('the search of the list', () => {
  let app: TestApp;
  let admin: BrowserAgent;
  beforeAll(async () => {
    const companies = [
      aCompany({ ID: '1', TITLE: 'ООО «Берёза»', PHONE: multifield('PHONE', '+74991110022') }),
      aCompany({ ID: '2', TITLE: "O'Neil  & Sons", EMAIL: multifield('EMAIL', 'info@a.example') }),
      aCompany({ ID: '3', TITLE: 'Отдел 4991110022', INDUSTRY: 'BANKING' }),
      aCompany({
        ID: '4',
        TITLE: 'Mill',
        PHONE: multifield('PHONE', '8 812 000-11-22', '+7 (499) 111-00-22'),
      }),
      aCompany({ ID: '5', TITLE: 'Ten digits', PHONE: multifield('PHONE', '+7 (495) 222-33-44') }),
      aCompany({ ID: '6', TITLE: 'info@a.example', COMPANY_TYPE: 'PARTNER' }),
      ...Array.from({ length: 250 }, (_, index) =>
        aCompany({ ID: String(index + 100), TITLE: `Contract 2026001/${index}` }),
      ),
    ];
    // More than the portal names for one number, and it names contacts before companies.
    const contacts = Array.from({ length: 25 }, (_, index) =>
      aContact({ ID: String(index + 1), PHONE: multifield('PHONE', '+7 495 222-33-44') }),
    );
    app = await startApp({ emulator: { portals: [aPortal({ companies, contacts })] } });
    admin = app.agent();
    await app.signIn(admin);
  });
  afterAll(() => app.stop());
  beforeEach(() => app.emulator.clearRequests());

  it.each([
    ['4991110022', [4, 3, 1]],
    ['+7 499 111–00–22', [4, 1]],
    ['+7 499 111‑00‑22', [4, 1]],
    ['tel:+74991110022', [4, 1]],
    ['8 (499) 111-00-22', [4, 1]],
    ['+7 495 222-33-44', [5]],
    ['(495) 222-33-44', [5]],
    ['+7 499 111-00-22; +7 812 000-11-22', [4, 1]],
    ['ООО "Берёза"', [1]],
    ['ООО “Берёза”', [1]],
    ["O'Neil  & Sons", [2]],
    ['O’Neil & Sons', [2]],
    ['Office <info@a.example>', [2]],
    ['mailto:info@a.example', [2]],
    ['INFO@a.example', [6, 2]],
    ['499111009', []],
    ['nobody@a.example', []],
  ])('when %s is typed › finds %j', async (typed, ids) => {
    const found = await search(app, admin, typed);

    expect(found).toMatchObject({ total: ids.length });
    expect(found.companies.map(({ id }) => id)).toEqual(ids);
  });

  it.each([
    ['&type=PARTNER', [6]],
    ['&sort=id&order=asc', [2, 6]],
    ['&industry=BANKING', []],
  ])('with %s › every reading keeps to it', async (more, ids) => {
    expect((await search(app, admin, 'info@a.example', more)).companies.map(({ id }) => id)).toEqual(ids);
  });

  it('when many titles hold what may be a phone › shows all of them, page by page', async () => {
    const [first, second, third] = await Promise.all(
      [1, 2, 3].map((page) => search(app, admin, '2026001', `&page=${page}`)),
    );

    expect([first?.total, second?.companies.length, third?.companies.length]).toEqual([250, 50, 50]);
  });

  it('asks the portal once for a list, and twice at most for a phone', async () => {
    await search(app, admin, 'Mill');
    const forTitle = app.emulator.requests.length;
    app.emulator.clearRequests();
    await search(app, admin, '+7 499 111-00-22');

    expect([forTitle, app.emulator.requests.length]).toEqual([1, 2]);
  });

  it('when the portal does not know the search by phone › still finds titles', async () => {
    app.emulator.orderFault({
      on: 'rest',
      restMethod: 'crm.duplicate.findbycomm',
      effect: { type: 'error', status: 404, error: 'ERROR_METHOD_NOT_FOUND' },
    });

    expect((await search(app, admin, '4991110022')).companies.map(({ id }) => id)).toEqual([3]);
  });
});
