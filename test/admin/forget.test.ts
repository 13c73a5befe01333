import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { BrowserAgent } from '../support/browser-agent.ts';
import { aPortal } from '../support/builders.ts';
import { DAY } from '../support/clock.ts';
import { STORE_KINDS, type TestApp } from '../support/start-app.ts';
import { admin, contentOf, type Place, placesOf, saveView, startAppAt, statusOf } from './support.ts';

describe.each(STORE_KINDS)('forgetting a portal, on the %s store', (kind) => {
  const places = placesOf(kind);
  let place: Place;
  let app: TestApp;
  let agent: BrowserAgent;
  let stranger: BrowserAgent;
  let host: string;
  let memberId: string;
  beforeEach(async () => {
    place = await places.fresh();
    app = await startAppAt(place, { emulator: { portals: [aPortal(), aPortal({ host: '127.0.0.1' })] } });
    const [portal] = app.emulator.portals;
    host = new URL(portal?.origin ?? '').host;
    memberId = portal?.memberId ?? '';
    agent = app.agent();
    stranger = app.agent();
    await app.signIn(agent);
    await app.signIn(stranger, 'admin', { portal: 1 });
    await saveView(app, agent, 'Mine');
    await saveView(app, stranger, 'Theirs');
    await agent.visit(`${app.origin}/overview`);
    await agent.post(`${app.origin}/exports`, { format: 'csv' });
    await untilThereIsAFile();
    await app.store.set(`b24:quarantine:tokens:{${memberId}}:client:7`, 'damaged', DAY);
  });
  afterEach(() => app.stop());
  afterAll(() => places.stop());

  const folders = () => readdirSync(join(app.dataDir, 'exports'));

  async function untilThereIsAFile(): Promise<void> {
    for (let tries = 0; tries < 200; tries += 1) {
      const jobs = (await contentOf(place)).filter(([key]) => key.startsWith('b24:export:'));
      if (jobs.some(([, value]) => JSON.parse(value ?? '').state === 'done')) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error('the export did not end');
  }

  it('removes every record that names it, its sessions and the files of its exports', async () => {
    const before = folders();

    const ran = await admin(place, 'forget', '--portal', host);

    const left = (await contentOf(place)).filter(
      ([key, value]) =>
        (key.includes(memberId) || value?.includes(memberId)) && !key.startsWith('b24:epoch:'),
    );
    expect(ran.code).toBe(0);
    for (const kindOfRecord of [
      'browsers: 1',
      'export: 1',
      'overview: 1',
      'preferences: 1',
      'quarantine: 1',
      'session: 1',
      'tokens: 1',
    ]) {
      expect(ran.text).toContain(kindOfRecord);
    }
    expect(left).toEqual([]);
    expect([before.length, folders().length]).toEqual([1, 0]);
    expect(await statusOf(app, agent)).toBe(401);
  });

  it('leaves the people of other portals as they are', async () => {
    await admin(place, 'forget', '--portal', host);

    const page = await stranger.visit(`${app.origin}/companies`);
    expect(page.text).toContain('Theirs');
    expect(await statusOf(app, stranger)).toBe(200);
  });

  it('finds a portal by its member_id too, where only saved views of it are left', async () => {
    await admin(place, 'forget', '--portal', host);
    await app.store.set(`b24:preferences:{${memberId}}:client:7`, '{}', DAY);

    const ran = await admin(place, 'forget', '--portal', memberId);

    expect(ran).toEqual({ code: 0, text: `1 records (preferences: 1) of ${memberId} removed` });
  });

  it('that the store does not know › is an error', async () => {
    const ran = await admin(place, 'forget', '--portal', 'acme.bitrix24.com');

    expect(ran).toEqual({ code: 1, text: expect.stringContaining('nothing of a portal') });
  });

  it.each(['*', '{', 'b24:', 'a b'])('named %j › is an error, and removes nothing', async (text) => {
    const before = await contentOf(place);

    const ran = await admin(place, 'forget', '--portal', text);

    expect(ran.code).toBe(1);
    expect(await contentOf(place)).toEqual(before);
  });

  it('as a dry run › counts the same, and removes nothing', async () => {
    const before = await contentOf(place);

    const dry = await admin(place, 'forget', '--portal', host, '--dry-run');

    const after = await contentOf(place);
    const real = await admin(place, 'forget', '--portal', host);
    const plain = (text: string) => text.replaceAll(/Dry run, nothing was changed: |would be /g, '');
    expect(plain(dry.text)).toBe(real.text);
    expect(after).toEqual(before);
  });
});
