import { describe, expect, it } from '@jest/globals';
import { parsePhpParams } from '../../../emulator/wire/php-params.ts';
import { buildBatch, MAX_COMMANDS, readBatch, readCount } from '../../../src/bitrix24/rest/batch.ts';
import type { Commands, Params } from '../../../src/bitrix24/rest/rest-types.ts';
import { UnexpectedResponseError } from '../../../src/http-client/transport-errors.ts';

const TWO: Commands<'list' | 'types'> = {
  list: { method: 'crm.company.list', params: { start: -1 } },
  types: { method: 'crm.status.list' },
};

/** `result` of a batch in which all went well; the test overrides what it is about. */
const aResult = (overrides: object = {}) => ({
  result: { list: [{ ID: '7' }], types: [] },
  result_error: [],
  result_total: { list: 51 },
  result_next: [],
  result_time: { list: { operating: 1 }, types: { operating: 2 } },
  ...overrides,
});

/** The query of one command, as it is sent. */
function queryOf(params: Params): string {
  const { cmd } = buildBatch({ one: { method: 'crm.company.list', params } }) as { cmd: { one: string } };
  const [method, ...query] = cmd.one.split('?');
  expect(method).toBe('crm.company.list');
  return query.join('?');
}

describe('buildBatch()', () => {
  it('when there are commands › each is a method and a query, and none of them stops the others', () => {
    expect(buildBatch(TWO)).toEqual({
      halt: 0,
      cmd: { list: 'crm.company.list?start=-1', types: 'crm.status.list?' },
    });
  });

  it('when there are many › they keep their order, in which the portal carries them out', () => {
    const commands = Object.fromEntries(
      Array.from({ length: MAX_COMMANDS }, (_, index) => [`c${index}`, { method: 'profile' } as const]),
    );

    expect(Object.keys(buildBatch(commands).cmd as object)).toEqual(Object.keys(commands));
  });

  it.each<[string, Params, string]>([
    ['a text', { TITLE: 'x' }, 'TITLE=x'],
    ['an empty text', { TITLE: '' }, 'TITLE='],
    ['a number', { start: -1, half: 0.5 }, 'start=-1&half=0.5'],
    ['true and false', { yes: true, no: false }, 'yes=1&no=0'],
    ['null', { TITLE: null }, 'TITLE='],
    ['a list', { select: ['ID', 'TITLE'] }, 'select%5B0%5D=ID&select%5B1%5D=TITLE'],
    ['a list of numbers', { FILTER: { ID: [3, 1] } }, 'FILTER%5BID%5D%5B0%5D=3&FILTER%5BID%5D%5B1%5D=1'],
    ['an empty list', { select: [], start: 0 }, 'start=0'],
    ['an empty map', { filter: {}, start: 0 }, 'start=0'],
    ['an operator', { filter: { '>ID': 7 } }, 'filter%5B%3EID%5D=7'],
    ['what a query is made of', { a: '1&b=2#?+ %' }, 'a=1%26b%3D2%23%3F%2B+%25'],
    ['a null inside', { filter: { INDUSTRY: null } }, 'filter%5BINDUSTRY%5D='],
  ])('when a parameter is %s › is written like this', (_, params, query) => {
    expect(queryOf(params)).toBe(query);
  });

  it('when it is read as PHP does › everything arrives as it was meant', () => {
    const query = queryOf({
      order: { ID: 'ASC' },
      filter: { '%TITLE': 'ООО «Ромашка & Ко» = 100%+', '<=ID': 2500, '!COMPANY_TYPE': ['A', 'B c'] },
      select: ['ID', 'UF_*'],
      start: -1,
    });

    expect(parsePhpParams(query)).toEqual({
      order: { ID: 'ASC' },
      filter: {
        '%TITLE': 'ООО «Ромашка & Ко» = 100%+',
        '<=ID': '2500',
        '!COMPANY_TYPE': { 0: 'A', 1: 'B c' },
      },
      select: { 0: 'ID', 1: 'UF_*' },
      start: '-1',
    });
  });

  it('when it refers to an earlier answer › the reference arrives whole', () => {
    const query = queryOf({ filter: { '>ID': '$result[c0][49][ID]' } });

    expect(parsePhpParams(query)).toEqual({ filter: { '>ID': '$result[c0][49][ID]' } });
  });

  it('when a text looks like another parameter › it stays within the text', () => {
    const query = queryOf({ filter: { '%TITLE': 'x&select[0]=*&filter[ID]=1' } });

    expect(parsePhpParams(query)).toEqual({ filter: { '%TITLE': 'x&select[0]=*&filter[ID]=1' } });
  });
});

describe('readBatch()', () => {
  it('when all went well › each command has its answer, its total and its time', () => {
    expect(readBatch(TWO, aResult())).toEqual({
      answers: {
        list: { result: [{ ID: '7' }], total: 51 },
        types: { result: [], total: undefined },
      },
      times: { list: { operating: 1 }, types: { operating: 2 } },
    });
  });

  it('when one command fails › its error stands beside the others’ answers', () => {
    const { answers } = readBatch(
      TWO,
      aResult({
        result: { list: [] },
        result_error: { types: { error: 'OPERATION_TIME_LIMIT', error_description: 'blocked' } },
      }),
    );

    expect(answers.list).toEqual({ result: [], total: 51 });
    expect(answers.types).toEqual({
      error: expect.objectContaining({
        name: 'RestError',
        wireCode: 'operation_time_limit',
        isOperatingLimit: true,
        message: 'crm.status.list was refused: operation_time_limit',
      }),
    });
  });

  it('when a command has an answer and an error › the error holds', () => {
    const { answers } = readBatch(
      TWO,
      aResult({ result_error: { list: { error: '', error_description: '' } } }),
    );

    expect(answers.list).toEqual({ error: expect.objectContaining({ wireCode: '' }) });
  });

  it('when every command fails › is a success all the same, empty maps being lists', () => {
    const error = { error: 'insufficient_scope', error_description: '' };

    const { answers } = readBatch(TWO, {
      result: [],
      result_error: { list: error, types: error },
      result_total: [],
      result_next: [],
      result_time: [],
    });

    expect(Object.values(answers)).toEqual(
      Array(2).fill({ error: expect.objectContaining({ code: 'access_denied', reason: 'scope' }) }),
    );
  });

  it.each(['result_error', 'result_total', 'result_time'])(
    'when there is no %s at all › does without',
    (key) => {
      const { answers } = readBatch(TWO, aResult({ [key]: undefined }));

      expect(answers.list).toMatchObject({ result: [{ ID: '7' }] });
    },
  );

  it('when commands are numbered › lists are read by their places', () => {
    const { answers, times } = readBatch(
      { 0: { method: 'profile' }, 1: { method: 'scope' } },
      aResult({ result: ['me', ['crm']], result_total: [5], result_time: ['a', 'b'] }),
    );

    expect(answers).toEqual({ 0: { result: 'me', total: 5 }, 1: { result: ['crm'], total: undefined } });
    expect(times).toEqual({ 0: 'a', 1: 'b' });
  });

  it.each([null, false, 0, '', []])('when the answer of a command is %j › that is its answer', (answer) => {
    const { answers } = readBatch({ one: { method: 'scope' } }, { result: { one: answer } });

    expect(answers.one).toEqual({ result: answer, total: undefined });
  });

  it('when the portal answers more than was asked › it is left out', () => {
    const { answers } = readBatch({ list: TWO.list }, aResult());

    expect(Object.keys(answers)).toEqual(['list']);
  });

  it.each<[string, object]>([
    ['neither answer nor error', { result: { list: [] } }],
    ['an error that is text', { result: { list: [] }, result_error: { types: 'failed' } }],
    ['an error without a code', { result: { list: [] }, result_error: { types: {} } }],
    ['nothing because there is nothing', { result: [] }],
  ])('when a command has %s › names it', (_, overrides) => {
    const read = () => readBatch({ types: TWO.types }, aResult(overrides));

    expect(read).toThrow(UnexpectedResponseError);
    expect(read).toThrow(
      expect.objectContaining({ field: 'types', message: 'the batch has no answer for crm.status.list' }),
    );
  });

  it.each<[string, unknown, string]>([
    ['the result is text', 'OK', 'result'],
    ['the result is a number', 7, 'result'],
    ['the answers are text', aResult({ result: 'none' }), 'result'],
    ['the errors are text', aResult({ result_error: 'none' }), 'result_error'],
    ['the totals are a number', aResult({ result_total: 51 }), 'result_total'],
    ['the times are a truth', aResult({ result_time: true }), 'result_time'],
  ])('when %s › names the field', (_, result, field) => {
    expect(() => readBatch(TWO, result)).toThrow(
      expect.objectContaining({ name: 'UnexpectedResponseError', field }),
    );
  });

  it.each([undefined, null, [], {}])('when the result is %j › the first answer is missing', (result) => {
    expect(() => readBatch(TWO, result)).toThrow(expect.objectContaining({ field: 'list' }));
  });
});

describe('readCount()', () => {
  it.each<[unknown, number | undefined]>([
    [0, 0],
    [51, 51],
    ['51', 51],
    ['', undefined],
    ['many', undefined],
    [-1, undefined],
    ['-1', undefined],
    [1.5, undefined],
    [Number.NaN, undefined],
    [2 ** 53, undefined],
    [true, undefined],
    [[51], undefined],
    [null, undefined],
    [undefined, undefined],
  ])('when it is %j › is %j', (total, read) => {
    expect(readCount(total)).toBe(read);
  });
});
