import { describe, expect, it } from '@jest/globals';

import { demoPortals, type EmulatedPortal, startEmulator } from '../../emulator/index.ts';
import { callRest, start, tokensFor } from './support.ts';

const startDemo = () => start({ portals: demoPortals() });

describe('the demo portals', () => {
  it('when they are started twice › people and companies are the same', async () => {
    const [one, two] = [await startDemo(), await startDemo()];

    for (const index of [0, 1]) {
      const [a, b] = [one.emulator.portals[index], two.emulator.portals[index]];
      expect(a?.memberId).toBe(b?.memberId);
      expect(a?.users).toEqual(b?.users);
      expect(JSON.stringify(a?.companies)).toBe(JSON.stringify(b?.companies));
    }
  });

  it('when their people are looked at › each sees what the README says', async () => {
    const { emulator } = await startDemo();
    const [russian, english] = emulator.portals as [EmulatedPortal, EmulatedPortal];
    const total = async (portal: EmulatedPortal, userId: number) =>
      (await callRest(tokensFor(portal, userId), 'crm.company.list')).body.total;

    expect(await total(russian, 1)).toBe(12_000);
    expect(await total(russian, 2)).toBeGreaterThan(200);
    expect(await total(russian, 2)).toBeLessThan(1000);
    expect(await total(russian, 3)).toBeUndefined();
    expect(await total(english, 1)).toBe(180);
    expect(await total(english, 3)).toBe(0);
  });

  it('when e-mails and sites are looked at › all are in domains kept for examples', async () => {
    const { portal } = await startDemo();

    const values = portal.companies.flatMap(({ EMAIL = [], WEB = [] }) =>
      [...EMAIL, ...WEB].map(({ VALUE }) => VALUE),
    );

    expect(
      values.filter((value) => !/^(https:\/\/[a-z0-9-]+|[a-z]+@[a-z0-9-]+)\.example$/.test(value)),
    ).toEqual([]);
  });

  it('when there are 12,000 companies › a sorted page comes quickly once it was sorted', async () => {
    const { portal } = await startDemo();
    const tokens = tokensFor(portal);
    const params = { order: { TITLE: 'ASC' }, filter: { '%TITLE': 'сервис' }, select: ['TITLE'] };
    await callRest(tokens, 'crm.company.list', params);

    const durations: number[] = [];
    for (let call = 1; call <= 10; call += 1) {
      const startedAt = performance.now();
      await callRest(tokens, 'crm.company.list', params);
      durations.push(performance.now() - startedAt);
    }

    // A few milliseconds on an idle machine; the bound only catches sorting or generating at every call.
    expect(Math.min(...durations)).toBeLessThan(100);
  });
});

describe('startEmulator()', () => {
  it('when the port is taken › says so by EADDRINUSE and leaves nothing behind', async () => {
    const { portal } = await start();
    const portalPort = Number(new URL(portal.origin).port);

    await expect(startEmulator({ portals: [], portalPort })).rejects.toThrow('EADDRINUSE');
  });

  it('when two portals have one name › refuses', async () => {
    const [portal] = demoPortals();

    await expect(startEmulator({ portals: portal ? [portal, portal] : [] })).rejects.toThrow('localhost');
  });
});
