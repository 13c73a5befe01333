import { currencyRows } from '../crm/currencies.ts';
import { type DealCategory, stageEntityId } from '../crm/deal-categories.ts';
import type { DictionaryItem } from '../crm/dictionaries.ts';
import { compileCondition, readConditions } from '../crm/filter.ts';
import type { Portal } from '../portal/portal.ts';
import { asText, findParam, isArrayLike, isPhpArray } from '../wire/php-params.ts';
import type { Outcome, RestCall, RestMethods } from './method.ts';
import { crmRefusal } from './refusal.ts';

/** Dictionaries (section 7.5). Error codes are empty, as in portal code; the documents show words. */
export const DICTIONARY_METHODS: RestMethods = {
  'crm.status.list': { scopes: ['crm'], run: listStatuses },
  'crm.status.entity.items': { scopes: ['crm'], run: listEntityItems },
  'crm.currency.list': { scopes: ['crm'], run: listCurrencies },
};

/** All statuses in one answer, sorted by SORT (6.1, 7.5). */
function listStatuses({ portal, param }: RestCall): Outcome {
  const filter = param('filter');
  if (filter !== undefined && !isArrayLike(filter)) throw crmRefusal("Parameter 'filter' must be array.");
  const wanted = isPhpArray(filter) ? findParam(filter, 'ENTITY_ID') : undefined;
  if (isArrayLike(wanted)) throw crmRefusal('Filter by ENTITY_ID must be a string');

  const tests = readConditions(filter)
    .filter(({ field }) => STATUS_FIELDS.has(field))
    .map((condition) => ({ ...condition, test: compileCondition(condition, 'text', portal.serverZone) }));
  const statuses = allStatuses(portal).filter((status) =>
    tests.every(({ field, test }) => test(status[field as StatusField]?.toLowerCase() || null)),
  );
  return { result: statuses, total: statuses.length };
}

/** Unlike in `crm.status.list`, SORT is a number [RU:api-reference/crm/status/crm-status-entity-items.md, sample]. */
function listEntityItems({ portal, param }: RestCall): Outcome {
  const entityId = asText(param('entityId')) ?? '';
  const items = allStatuses(portal).filter((status) => status.ENTITY_ID === entityId);
  const exists = Object.hasOwn(portal.dictionaries, entityId) || items.length > 0;
  if (!exists) throw crmRefusal('Invalid parameters.');
  return { result: items.map(({ NAME, SORT, STATUS_ID }) => ({ NAME, SORT: Number(SORT), STATUS_ID })) };
}

/** Only for users who may see the CRM settings; `total` is always 0 [RU:…/crm/currency/crm-currency-list.md]. */
function listCurrencies({ portal, user }: RestCall): Outcome {
  if (!user.admin || user.crm === 'none') throw crmRefusal('Access denied.');
  return { result: currencyRows(portal.language, portal.serverZone), total: 0 };
}

interface Status {
  ID: string;
  ENTITY_ID: string;
  STATUS_ID: string;
  NAME: string;
  NAME_INIT: string;
  SORT: string;
  SYSTEM: string;
  CATEGORY_ID: string | null;
  COLOR: string | null;
  SEMANTICS: string | null;
  /** Only for stages. */
  EXTRA?: { SEMANTICS: string; COLOR: string };
}

type StatusField = Exclude<keyof Status, 'EXTRA'>;

const STATUS_FIELDS: ReadonlySet<string> = new Set<StatusField>([
  'ID',
  'ENTITY_ID',
  'STATUS_ID',
  'NAME',
  'NAME_INIT',
  'SORT',
  'SYSTEM',
  'CATEGORY_ID',
  'COLOR',
  'SEMANTICS',
]);

/** All dictionaries, then the stages of all pipelines; each sorted by SORT. */
function allStatuses({ dictionaries, dealCategories }: Portal): Status[] {
  const all = [
    ...Object.entries(dictionaries).map(([entityId, items]) => items.map(toStatus(entityId)).sort(bySort)),
    ...dealCategories.map(stagesOf),
  ];
  return all.flat().map((status, index) => ({ ...status, ID: String(index + 1) }));
}

const toStatus =
  (entityId: string) =>
  ({ STATUS_ID, NAME, SORT }: DictionaryItem, index: number): Status => ({
    ID: '',
    ENTITY_ID: entityId,
    STATUS_ID,
    NAME,
    NAME_INIT: '',
    SORT: SORT ?? String((index + 1) * 10),
    SYSTEM: 'N',
    CATEGORY_ID: null,
    COLOR: null,
    SEMANTICS: null,
  });

/** Stages are statuses with colour and semantics [RU:api-reference/crm/status/crm-status-list.md]. */
function stagesOf(category: DealCategory): Status[] {
  let lost = 0;
  return category.stages.map((stage, index) => {
    const { STATUS_ID, NAME, SEMANTICS, COLOR, SYSTEM } = stage;
    if (SEMANTICS === 'F') lost += 1;
    const failure = lost > 1 ? 'apology' : 'failure';
    return {
      ...toStatus(stageEntityId(category))({ STATUS_ID, NAME }, index),
      NAME_INIT: SYSTEM === 'Y' ? NAME : '',
      SYSTEM,
      CATEGORY_ID: category.id === 0 ? null : String(category.id),
      COLOR,
      SEMANTICS,
      EXTRA: {
        SEMANTICS: SEMANTICS === 'S' ? 'success' : SEMANTICS === 'F' ? failure : 'process',
        COLOR,
      },
    };
  });
}

function bySort(a: Status, b: Status): number {
  return Number(a.SORT) - Number(b.SORT);
}
