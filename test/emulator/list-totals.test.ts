import { describe, expect, it } from '@jest/globals';

import type { EmulatorOptions } from '../../emulator/index.ts';
import { aCompany, aContact, aPortal, callRest, rowsOf, start, threeUsers, tokensFor } from './support.ts';

const numbered = (count: number) => Array.from({ length: count }, (_, index) => ({ ID: String(index + 1) }));

async function startWith(listTotals: EmulatorOptions['listTotals'], count = 120) {
  const { emulator, portal } = await start({
    portals: [
      aPortal({
        companies: numbered(count).map(aCompany),
        contacts: numbered(count).map(aContact),
        users: threeUsers(),
      }),
    ],
    ...(listTotals && { listTotals }),
  });
  const tokens = tokensFor(portal);
  return {
    emulator,
    portal,
    list: (params: object = {}) => callRest(tokens, 'crm.company.list', params),
    tokens,
  };
}

describe('total of a list', () => {
  it('when it is absent › next is still there until the last page', async () => {
    const { list } = await startWith('absent');

    const [first, last] = [await list(), await list({ start: 100 })];

    expect(first.body).not.toHaveProperty('total');
    expect(first.body.next).toBe(50);
    expect(rowsOf(last)).toHaveLength(20);
    expect(last.body).not.toHaveProperty('total');
    expect(last.body).not.toHaveProperty('next');
  });

  it('when it is absent › a command of a batch has none either', async () => {
    const { tokens } = await startWith('absent');

    const { body } = await callRest(tokens, 'batch', { cmd: { list: 'crm.company.list' } });

    expect(body.result).toMatchObject({ result_total: [], result_next: { list: 50 } });
  });

  it('when it is at most 50 › it stays at 50, and next is there', async () => {
    const { list } = await startWith({ atMost: 50 });

    const [first, second, last] = [await list(), await list({ start: 50 }), await list({ start: 100 })];

    expect(first.body).toMatchObject({ total: 50, next: 50 });
    expect(second.body).toMatchObject({ total: 50, next: 100 });
    expect(last.body.total).toBe(50);
    expect(last.body).not.toHaveProperty('next');
  });

  it('when fewer rows match than the cap › it is their number', async () => {
    const { list } = await startWith({ atMost: 50 });

    expect((await list({ filter: { '<ID': 4 } })).body.total).toBe(3);
  });

  it('when it is late › the first count is repeated although rows were added, and next follows from it', async () => {
    const { portal, list } = await startWith('late', 50);
    await list();
    for (const ID of ['51', '52', '53']) portal.putCompany(aCompany({ ID }));

    const [first, second] = [await list(), await list({ start: 50 })];

    expect(first.body.total).toBe(50);
    expect(rowsOf(first)).toHaveLength(50);
    expect(first.body).not.toHaveProperty('next');
    expect(rowsOf(second)).toHaveLength(3);
    expect(second.body.total).toBe(50);
  });

  it('when it is late › it stays for rows that were removed, and next leads behind the last row', async () => {
    const { portal, list } = await startWith('late', 60);
    await list();
    for (let id = 41; id <= 60; id += 1) portal.removeCompany(String(id));

    const answer = await list();

    expect(rowsOf(answer)).toHaveLength(40);
    expect(answer.body).toMatchObject({ total: 60, next: 50 });
  });

  it('when it is late › another filter, method and user have counts of their own', async () => {
    const { portal, list, tokens } = await startWith('late', 60);
    await list();
    portal.putCompany(aCompany({ ID: '61', ASSIGNED_BY_ID: '2' }));

    const others = await callRest(tokensFor(portal, 2), 'crm.company.list');
    const contacts = await callRest(tokens, 'crm.contact.list');

    expect((await list({ filter: { '>ID': 50 } })).body.total).toBe(11);
    expect(others.body.total).toBe(1);
    expect(contacts.body.total).toBe(60);
  });

  it('when it becomes exact while the emulator runs › the next call counts again', async () => {
    const { emulator, portal, list } = await startWith('late', 60);
    await list();
    portal.putCompany(aCompany({ ID: '61' }));
    emulator.set({ listTotals: 'exact' });

    expect((await list()).body.total).toBe(61);
  });
});
