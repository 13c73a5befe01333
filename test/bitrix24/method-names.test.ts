import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { onlyReads } from '../../src/bitrix24/rest/method-name.ts';

const SRC = join(import.meta.dirname, '../../src');

/** Every method that our own rooms call. All of them only read. */
const OUR_METHODS = [
  'batch',
  'crm.category.list',
  'crm.company.contact.items.get',
  'crm.company.fields',
  'crm.company.get',
  'crm.company.list',
  'crm.contact.list',
  'crm.deal.list',
  'crm.duplicate.findbycomm',
  'crm.status.list',
  'profile',
  'scope',
  'user.get',
];

/** `method: 'name'` of a command, or the first argument of `call` and `pages`. */
const LITERAL = /(?:\bmethod: |\.(?:call|pages)\(\s*)(['"`])([^'"`]*)\1/g;

describe('the REST methods in the source', () => {
  const sources = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
    // The store speaks to Redis, the HTTP client to servers: their commands and verbs are no REST methods.
    .filter((file) => file.endsWith('.ts') && !/^(store|http-client)\//.test(file))
    .map((file) => readFileSync(join(SRC, file), 'utf8'));

  it('are those that are listed', () => {
    const names = sources.flatMap((source) => [...source.matchAll(LITERAL)].map(([, , name]) => name));

    expect([...new Set(names)].sort()).toEqual(OUR_METHODS);
  });
});

describe('onlyReads()', () => {
  it.each(OUR_METHODS.filter((method) => method !== 'batch'))('%s › yes', (method) => {
    expect(onlyReads(method)).toBe(true);
  });

  it.each([
    'crm.company.add',
    'crm.company.update',
    'crm.item.delete',
    'event.bind',
    'tasks.task.start',
    'x.getter',
  ])('%s › no: it may write', (method) => {
    expect(onlyReads(method)).toBe(false);
  });
});
