import { asText } from '../wire/php-params.ts';
import type { Outcome, RestCall } from './method.ts';

/** Events that need no scope [core:rest/classes/general/rest_provider.php; RU:api-reference/events/events.md]. */
const BASIC_EVENTS = [
  'ONAPPUNINSTALL',
  'ONAPPINSTALL',
  'ONAPPUSERREADY',
  'ONAPPUPDATE',
  'ONAPPPAYMENT',
  'ONSUBSCRIPTIONRENEW',
  'ONAPPTEST',
  'ONAPPMETHODCONFIRM',
  'ONOFFLINEEVENT',
];

/** Events of the data that the emulator has, by scope [RU:api-reference/events/events.md]. */
const EVENTS: Record<string, string[]> = {
  user: ['ONUSERADD'],
  user_basic: ['ONUSERADD'],
  user_brief: ['ONUSERADD'],
  crm: ['DEAL', 'COMPANY', 'CONTACT'].flatMap((entity) =>
    ['ADD', 'UPDATE', 'DELETE'].map((change) => `ONCRM${entity}${change}`),
  ),
};

/** `events`: the events of one scope, of all scopes, or of the scopes that the application has. */
export function listEvents({ param, scope }: RestCall): Outcome {
  const wanted = asText(param('SCOPE'));
  if (wanted !== undefined) return { result: wanted === '' ? BASIC_EVENTS : (EVENTS[wanted] ?? []) };
  const scopes = asText(param('FULL')) ? Object.keys(EVENTS) : scope;
  return { result: [...new Set([...BASIC_EVENTS, ...scopes.flatMap((each) => EVENTS[each] ?? [])])] };
}
