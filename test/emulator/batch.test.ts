import { describe, expect, it } from '@jest/globals';

import type { EmulatorOptions } from '../../emulator/index.ts';
import { aCompany, aPortal, callRest, form, read, start, tokensFor } from './support.ts';

interface BatchResult {
  result: Record<string, unknown>;
  result_error: Record<string, unknown>;
  result_total: unknown;
  result_next: unknown;
  result_time: Record<string, unknown>;
}

async function batch(params: object, options: EmulatorOptions = {}) {
  const companies = Array.from({ length: 60 }, (_, index) =>
    aCompany({ ID: String(index + 1), ASSIGNED_BY_ID: '1', TITLE: `Company ${index + 1}` }),
  );
  const { emulator, portal } = await start({ portals: [aPortal({ companies })], ...options });
  const answer = await callRest(tokensFor(portal), 'batch', params);
  return {
    emulator,
    status: answer.status,
    result: answer.body.result as BatchResult,
    time: answer.body.time,
  };
}

describe('batch', () => {
  it('when all commands succeed › empty maps are [], counts are in maps of their own', async () => {
    const { status, result, time } = await batch({
      cmd: { me: 'profile', list: 'crm.company.list?select[]=ID' },
    });

    expect(status).toBe(200);
    expect(result.result).toMatchObject({ me: { ID: '1' } });
    expect(result.result_error).toEqual([]);
    expect(result.result_total).toEqual({ list: 60 });
    expect(result.result_next).toEqual({ list: 50 });
    expect(Object.keys(result.result_time)).toEqual(['me', 'list']);
    expect(time).toHaveProperty('duration');
  });

  it('when a command fails › the answer is 200 and the others run', async () => {
    const { status, result } = await batch({ cmd: { bad: 'crm.company.get?id=99', me: 'profile' } });

    expect(status).toBe(200);
    expect(result.result_error).toEqual({ bad: { error: '', error_description: 'Not found' } });
    expect(Object.keys(result.result)).toEqual(['me']);
  });

  it('when halt is set › stops after the first error', async () => {
    const { result } = await batch({ halt: 1, cmd: { bad: 'no.such.method', me: 'profile' } });

    expect(result.result_error).toEqual({
      bad: { error: 'ERROR_METHOD_NOT_FOUND', error_description: 'Method not found!' },
    });
    expect(result.result).toEqual([]);
  });

  it('when commands are a list › results are a list', async () => {
    const { result } = await batch({ cmd: ['user.admin', 'scope'] });

    expect(result.result).toEqual([true, ['crm', 'user']]);
  });

  it('when the first of a list fails › results are a map, as in PHP', async () => {
    const { result } = await batch({ cmd: ['no.such.method', 'user.admin'] });

    expect(result.result).toEqual({ 1: true });
  });

  it.each([
    ['a field of an earlier result', 'crm.company.get?id=$result[first][ID]'],
    ['a field of a row', 'crm.company.get?id=$result[list][0][ID]'],
    ['a part of a value', 'crm.company.list?filter[TITLE]=Company%20$result[first][ID]'],
  ])('when a command refers to %s › it is put in', async (_, command) => {
    const { result } = await batch({
      cmd: { first: 'crm.company.get?id=1', list: 'crm.company.list', next: command },
    });

    expect([result.result.next].flat()[0]).toMatchObject({ ID: '1', TITLE: 'Company 1' });
  });

  it('when a command refers to $next and $total › they are replaced by the values', async () => {
    const { result } = await batch({
      cmd: {
        list: 'crm.company.list',
        second: 'crm.company.list?start=$next[list]&select[]=ID',
        last: 'crm.company.get?id=$total[list]',
      },
    });

    expect(result.result.second).toHaveLength(10);
    expect(result.result.last).toMatchObject({ ID: '60' });
  });

  it.each([
    ['a list leads past its end', '$result[list][70][ID]', ['1']],
    ['a member is missing', '$result[list][0][NO_SUCH][0]', ['1']],
    ['a member is null', '$result[first][COMMENTS]', ['1']],
    ['the command failed, so that nothing is kept under its name', '$result[bad][ID]', ['1']],
    ['the last page has no next', '$next[short]', ['1']],
    ['the container is empty', '$result[none][0][ID]', []],
  ])(
    'when %s › the reference yields the last container, and as an ID that is 1 or 0',
    async (_, reference, expected) => {
      const { result } = await batch({
        cmd: {
          first: 'crm.company.get?id=1',
          list: 'crm.company.list?select[]=ID',
          bad: 'crm.company.get?id=999',
          short: 'crm.company.list?filter[<ID]=3',
          none: 'crm.company.list?filter[ID]=999',
          asked: `crm.company.list?filter[@ID][0]=${reference}&select[]=ID`,
        },
      });

      expect((result.result.asked as { ID: string }[]).map(({ ID }) => ID)).toEqual(expected);
    },
  );

  it('when a chain of pages goes on behind a short page › it starts again behind ID 1', async () => {
    const { result } = await batch({
      cmd: {
        c0: 'crm.company.list?filter[>ID]=50&start=-1&select[]=ID',
        c1: 'crm.company.list?filter[>ID]=$result[c0][49][ID]&start=-1&select[]=ID',
      },
    });

    expect(result.result.c0).toHaveLength(10);
    expect((result.result.c1 as unknown[])[0]).toEqual({ ID: '2' });
    expect(result.result.c1).toHaveLength(50);
  });

  it('when a list condition refers to an empty list › the condition is skipped and everything matches', async () => {
    const { result } = await batch({
      cmd: {
        none: 'crm.company.list?filter[ID]=999',
        rows: 'crm.company.list?filter[@ID]=$result[none]&start=-1&select[]=ID',
      },
    });

    expect(result.result.none).toEqual([]);
    expect(result.result.rows).toHaveLength(50);
  });

  it.each([
    ['an array', 'DEAL_STAGE_$result[list]'],
    ['null, because nothing is kept under capital letters', 'DEAL_STAGE_$RESULT[list][0][ID]'],
    ['no path, so that it is ordinary text', 'DEAL_STAGE_$result'],
  ])('when a reference inside a longer text is %s › it stays as it was written', async (_, text) => {
    const { emulator, result } = await batch({
      cmd: {
        list: 'crm.company.list?select[]=ID',
        named: `crm.company.list?filter[TITLE]=${text}`,
      },
    });
    const [portal] = emulator.portals;
    portal?.putCompany(aCompany({ ID: '61', TITLE: text }));

    const again = await callRest(tokensFor(portal as never), 'batch', {
      cmd: { list: 'crm.company.list?select[]=ID', named: `crm.company.list?filter[TITLE]=${text}` },
    });

    expect(result.result.named).toEqual([]);
    expect((again.body.result as BatchResult).result.named).toMatchObject([{ ID: '61' }]);
  });

  it('when text follows a reference without a blank › it is part of the reference and disappears', async () => {
    const { result } = await batch({
      cmd: { list: 'crm.company.list', one: 'crm.company.get?id=$result[list][4][ID]99' },
    });

    expect(result.result.one).toMatchObject({ ID: '5' });
  });

  it('when a text has two references with a blank between › both are replaced', async () => {
    const { emulator } = await batch({ cmd: {} });
    const [portal] = emulator.portals;
    portal?.putCompany(aCompany({ ID: '61', TITLE: 'Numbers 2 3' }));

    const { body } = await callRest(tokensFor(portal as never), 'batch', {
      cmd: {
        list: 'crm.company.list?select[]=ID',
        both: 'crm.company.list?filter[TITLE]=Numbers%20$result[list][1][ID]%20$result[list][2][ID]',
      },
    });

    expect((body.result as BatchResult).result.both).toMatchObject([{ ID: '61' }]);
  });

  it('when a whole value is a reference in capital letters › it is null, which finds rows without a value', async () => {
    const { result } = await batch({
      cmd: {
        first: 'crm.company.get?id=1',
        rows: 'crm.company.list?filter[COMMENTS]=$RESULT[first][TITLE]',
      },
    });

    expect(result.result_total).toEqual({ rows: 60 });
  });

  it('when a whole value looks like a reference but has no path › it is text', async () => {
    const { emulator } = await batch({ cmd: {} });
    const [portal] = emulator.portals;
    portal?.putCompany(aCompany({ ID: '61', TITLE: '$result' }));

    const { body } = await callRest(tokensFor(portal as never), 'batch', {
      cmd: { rows: 'crm.company.list?filter[TITLE]=$result' },
    });

    expect((body.result as BatchResult).result.rows).toMatchObject([{ ID: '61' }]);
  });

  it('when there are more than 50 commands › each further one is refused', async () => {
    const { result } = await batch({ cmd: Array.from({ length: 52 }, () => 'user.admin') });

    expect(Object.keys(result.result)).toHaveLength(50);
    expect(result.result_error).toEqual({
      50: { error: 'ERROR_BATCH_LENGTH_EXCEEDED', error_description: 'Max batch length exceeded' },
      51: { error: 'ERROR_BATCH_LENGTH_EXCEEDED', error_description: 'Max batch length exceeded' },
    });
  });

  it('when a batch is inside a batch › it is refused', async () => {
    const { result } = await batch({ cmd: { inner: 'batch?cmd[x]=profile' } });

    expect(result.result_error).toEqual({
      inner: {
        error: 'ERROR_BATCH_METHOD_NOT_ALLOWED',
        error_description: 'Method is not allowed for batch usage',
      },
    });
  });

  it('when a command is not a string › it is skipped', async () => {
    const { result } = await batch({ cmd: { odd: { method: 'profile' }, admin: 'user.admin' } });

    expect(result.result).toEqual({ admin: true });
    expect(result.result_error).toEqual([]);
  });

  it('when a command is outside the scope › its description is empty', async () => {
    const { result } = await batch(
      { cmd: { list: 'crm.company.list' } },
      { portals: [aPortal({ scope: ['user'] })] },
    );

    expect(result.result_error).toEqual({ list: { error: 'insufficient_scope', error_description: '' } });
  });

  it('when it is sent as a form › commands are run', async () => {
    const { portal } = await start();
    const { clientEndpoint, accessToken } = tokensFor(portal);

    const { body } = await fetch(`${clientEndpoint}batch.json`, {
      method: 'POST',
      body: form({ auth: accessToken, 'cmd[a]': 'user.get?FILTER[ID]=1', 'cmd[b]': 'user.admin' }),
    }).then(read);

    expect(body.result).toMatchObject({ result: { a: [{ ID: '1' }], b: true } });
  });

  it('when it is recorded › the record has its methods', async () => {
    const { emulator } = await batch({
      cmd: { a: 'crm.status.list?filter[ENTITY_ID]=INDUSTRY', b: 'User.Get' },
    });

    expect(emulator.requests.at(-1)?.commands).toEqual(['crm.status.list', 'user.get']);
  });
});
