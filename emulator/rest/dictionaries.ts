import type { DictionaryItem, DictionaryName } from '../crm/dictionaries.ts';
import type { Portal } from '../portal/portal.ts';
import { asText, findParam, isArrayLike, isPhpArray } from '../wire/php-params.ts';
import type { Outcome, RestCall, RestMethods } from './method.ts';
import { crmRefusal } from './refusal.ts';

/** Dictionaries (section 7.5). Their errors have an empty code, as in portal code; the docs show words there. */
export const DICTIONARY_METHODS: RestMethods = {
  'crm.status.list': { scopes: ['crm'], run: listStatuses },
  'crm.status.entity.items': { scopes: ['crm'], run: listEntityItems },
};

/** Everything comes in one answer, sorted by SORT (6.1, 7.5). */
function listStatuses(call: RestCall): Outcome {
  const filter = call.param('filter');
  if (filter !== undefined && !isArrayLike(filter)) throw crmRefusal("Parameter 'filter' must be array.");
  const wanted = isPhpArray(filter) ? findParam(filter, 'ENTITY_ID') : undefined;
  if (isArrayLike(wanted)) throw crmRefusal('Filter by ENTITY_ID must be a string');

  const entityId = asText(wanted);
  const statuses = allStatuses(call.portal).filter(
    (status) => entityId === undefined || status.ENTITY_ID === entityId,
  );
  return { result: statuses, total: statuses.length };
}

function listEntityItems(call: RestCall): Outcome {
  const entityId = asText(call.param('entityId')) ?? '';
  if (!isDictionaryName(entityId, call.portal)) throw crmRefusal('Invalid parameters.');
  const items = allStatuses(call.portal).filter((status) => status.ENTITY_ID === entityId);
  return { result: items.map(({ NAME, SORT, STATUS_ID }) => ({ NAME, SORT, STATUS_ID })) };
}

function allStatuses({ dictionaries }: Portal) {
  const entries = Object.entries(dictionaries) as [DictionaryName, DictionaryItem[]][];
  let id = 0;
  return entries.flatMap(([entityId, items]) =>
    items
      .map(({ STATUS_ID, NAME, SORT }, index) => {
        id += 1;
        return {
          ID: String(id),
          ENTITY_ID: entityId,
          STATUS_ID,
          NAME,
          NAME_INIT: '',
          SORT: SORT ?? String((index + 1) * 10),
          SYSTEM: 'N',
          CATEGORY_ID: null,
          COLOR: null,
          SEMANTICS: null,
        };
      })
      .sort((a, b) => Number(a.SORT) - Number(b.SORT)),
  );
}

function isDictionaryName(name: string, { dictionaries }: Portal): name is DictionaryName {
  return Object.hasOwn(dictionaries, name);
}
