import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { CompanyRow } from '../../emulator/index.ts';
import type { BrowserAgent } from '../support/browser-agent.ts';
import { aCompany, aPortal } from '../support/builders.ts';
import { startApp, type TestApp } from '../support/start-app.ts';
import { multifield, search } from './search-support.ts';

/** A manager who may read 100 companies of 10,000; the portal names all of them to whoever asks by phone. */
describe('the search of somebody who may read few companies', () => {
  const COUNT = 10_000;
  const isMine = (id: number) => id % 100 === 0;
  const phoneOf = (id: number) => `+7 9${String(id).padStart(9, '0')}`;
  const emailOf = (id: number) => `box${id}@${isMine(id) ? 'mine' : 'concealed'}.example`;
  const titleOf = (id: number) => (isMine(id) ? `Mine ${id} GmbH` : `Concealed ${id} GmbH`);

  let app: TestApp;
  let manager: BrowserAgent;
  beforeAll(async () => {
    const companies = Array.from({ length: COUNT }, (_, index): CompanyRow => {
      const id = index + 1;
      return aCompany({
        ID: String(id),
        TITLE: titleOf(id),
        ASSIGNED_BY_ID: isMine(id) ? '7' : '1',
        PHONE: multifield('PHONE', phoneOf(id)),
        EMAIL: multifield('EMAIL', emailOf(id)),
      });
    });
    app = await startApp({ cacheSeconds: 30, emulator: { portals: [aPortal({ companies })] } });
    manager = app.agent();
    await app.signIn(manager, 'manager');
  });
  afterAll(() => app.stop());

  it('500 times › finds their own, and nothing of the others is in the page, in the JSON or in the log', async () => {
    const readings = [phoneOf, emailOf, (id: number) => phoneOf(id).replace('+7 ', ''), titleOf];
    for (let turn = 0; turn < 500; turn += 1) {
      // A minute has 120 searches.
      if (turn % 100 === 0) app.clock.advance(61_000);
      const id = turn % 5 === 0 ? (turn + 5) * 20 : turn * 19 + 7;
      const typed = readings[turn % readings.length]?.(id) ?? '';
      const wanted = isMine(id) ? [id] : [];

      const found = await search(app, manager, typed);
      const page = await manager.visit(`${app.origin}/companies?q=${encodeURIComponent(typed)}`);

      expect({ typed, ids: found.companies.map((company) => company.id), total: found.total }).toEqual({
        typed,
        ids: wanted,
        total: wanted.length,
      });
      const links = [...page.text.matchAll(/href="\/companies\/(\d+)/g)].map(([, linked]) => Number(linked));
      expect(links).toEqual(wanted);
      expect(without(page.text, typed)).not.toMatch(/concealed/i);
    }
    const log = JSON.stringify(app.logLines());
    expect(log).not.toMatch(/concealed|box\d|@mine|79000000|\+7/i);
  }, 180_000);
});

/** What was typed stands in the search field and in addresses. */
function without(html: string, typed: string): string {
  const inAddress = new URLSearchParams({ q: typed }).toString().slice('q='.length);
  const forms = [typed, inAddress, encodeURIComponent(typed), encodeURIComponent(inAddress)];
  return forms.reduce((text, form) => text.replaceAll(form, ''), html);
}
