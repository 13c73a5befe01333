import { APPLICATION_METHODS } from './application.ts';
import { COMPANY_METHODS } from './companies.ts';
import { CONTACT_METHODS } from './contacts.ts';
import { DEAL_METHODS } from './deals.ts';
import { DICTIONARY_METHODS } from './dictionaries.ts';
import { DUPLICATE_METHODS } from './duplicates.ts';
import { ITEM_METHODS } from './items.ts';
import type { RestMethod, RestMethods } from './method.ts';
import { USER_METHODS } from './users.ts';

const METHODS: RestMethods = {
  ...APPLICATION_METHODS,
  ...COMPANY_METHODS,
  ...CONTACT_METHODS,
  ...DEAL_METHODS,
  ...DICTIONARY_METHODS,
  ...DUPLICATE_METHODS,
  ...ITEM_METHODS,
  ...USER_METHODS,
  methods: { scopes: [], run: ({ scope }) => ({ result: methodsWithin(scope) }) },
};

/** Listed here so that `batch` is a known method; `call.ts` runs it, because it runs other methods. */
const BATCH: RestMethod = {
  scopes: [],
  run: () => {
    throw new Error('a batch is carried out by the call');
  },
};

/** @param name  lower case, without `.json` */
export function findMethod(name: string): RestMethod | undefined {
  if (name === 'batch') return BATCH;
  return Object.hasOwn(METHODS, name) ? METHODS[name] : undefined;
}

const NAMES = new Map([...Object.keys(METHODS), 'batch'].map((name) => [name, name]));

/** Returns the constant with the same text: a substring of a command would keep the whole command in memory. */
export function internMethodName(name: string): string {
  return NAMES.get(name) ?? name;
}

function methodsWithin(scope: string[]): string[] {
  const usable = Object.entries(METHODS).filter(
    ([, { scopes }]) => scopes.length === 0 || scopes.some((each) => scope.includes(each)),
  );
  return [...usable.map(([name]) => name), 'batch'].sort();
}
