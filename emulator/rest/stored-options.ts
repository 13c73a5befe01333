import { toPhpArray } from '../wire/php-json.ts';
import { asEntries, asText, type PhpValue } from '../wire/php-params.ts';
import type { Outcome, RestCall, RestMethods } from './method.ts';
import { RestRefusal } from './refusal.ts';

/**
 * Settings of an application on a portal, and of one user in it
 * [core:rest/classes/general/rest_provider.php; RU:api-reference/common/settings].
 */
export const STORED_OPTION_METHODS: RestMethods = {
  'app.option.get': { scopes: [], run: (call) => readOptions(call, keyOfApplication(call)) },
  'app.option.set': { scopes: [], run: setApplicationOptions },
  'user.option.get': { scopes: [], run: (call) => readOptions(call, keyOfUser(call)) },
  'user.option.set': { scopes: [], run: (call) => writeOptions(call, keyOfUser(call)) },
};

function setApplicationOptions(call: RestCall): Outcome {
  const changes = readChanges(call);
  if (!call.user.admin) {
    throw new RestRefusal('ACCESS_DENIED', 'Access denied! Administrator authorization required', 403);
  }
  call.portal.storedOptions.put(keyOfApplication(call), changes);
  return { result: true };
}

function writeOptions(call: RestCall, key: string): Outcome {
  call.portal.storedOptions.put(key, readChanges(call));
  return { result: true };
}

/** With `option` one value, otherwise all; the parameter is read in lower case only. */
function readOptions({ portal, params }: RestCall, key: string): Outcome {
  const name = asText(params.option);
  const { storedOptions } = portal;
  return {
    result: name === undefined ? toPhpArray(storedOptions.entries(key)) : storedOptions.get(key, name),
  };
}

/** Parameters that the portal takes out before a method sees them. */
const NOT_OPTIONS = ['auth', 'access_token', 'start', 'state'];

/** Without `options` every parameter is a setting, also those that a client adds to each call. */
function readChanges({ params }: RestCall): [string, PhpValue][] {
  const given = params.options ?? null;
  const changes =
    given === null
      ? Object.entries(params).filter(([name]) => !NOT_OPTIONS.includes(name))
      : asEntries(given);
  if (changes.length === 0) {
    throw new RestRefusal('ERROR_ARGUMENT', "Argument 'options' is null or empty", 400, {
      argument: 'options',
    });
  }
  return changes;
}

function keyOfApplication({ client }: RestCall): string {
  return client.clientId;
}

function keyOfUser({ client, user }: RestCall): string {
  return `${client.clientId} ${user.id}`;
}
