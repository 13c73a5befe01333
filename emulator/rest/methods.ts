import { ACCESS_CODE_METHODS } from './access-codes.ts';
import { APPLICATION_METHODS } from './application.ts';
import { COMPANY_METHODS } from './companies.ts';
import { CONTACT_METHODS } from './contacts.ts';
import { DEAL_METHODS } from './deals.ts';
import { DICTIONARY_METHODS } from './dictionaries.ts';
import { DUPLICATE_METHODS } from './duplicates.ts';
import { introspectionMethods } from './introspection.ts';
import { ITEM_METHODS } from './items.ts';
import type { RestMethod } from './method.ts';
import { STORED_OPTION_METHODS } from './stored-options.ts';
import { USER_METHODS } from './users.ts';

/** Listed here so that `batch` is a known method; `call.ts` runs it, because it runs other methods. */
const BATCH: RestMethod = {
  scopes: [],
  run: () => {
    throw new Error('a batch is carried out by the call');
  },
};

const METHODS: Record<string, RestMethod> = {
  ...ACCESS_CODE_METHODS,
  ...APPLICATION_METHODS,
  ...COMPANY_METHODS,
  ...CONTACT_METHODS,
  ...DEAL_METHODS,
  ...DICTIONARY_METHODS,
  ...DUPLICATE_METHODS,
  ...ITEM_METHODS,
  ...STORED_OPTION_METHODS,
  ...USER_METHODS,
  batch: BATCH,
};
// These describe all methods, themselves included.
Object.assign(METHODS, introspectionMethods(METHODS));

/** @param name  lower case, without `.json` */
export function findMethod(name: string): RestMethod | undefined {
  return Object.hasOwn(METHODS, name) ? METHODS[name] : undefined;
}

const NAMES = new Map(Object.keys(METHODS).map((name) => [name, name]));

/** Returns the constant with the same text: a substring of a command would keep the whole command in memory. */
export function internMethodName(name: string): string {
  return NAMES.get(name) ?? name;
}
