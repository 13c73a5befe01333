import { type CommunicationType, MOST_FOUND, normalizeCommunication } from '../crm/communication-index.ts';
import type { Portal } from '../portal/portal.ts';
import { toPhpArray } from '../wire/php-json.ts';
import { asList, asText, isArrayLike, type PhpArray, type PhpValue } from '../wire/php-params.ts';
import type { Outcome, RestCall, RestMethods } from './method.ts';
import { crmRefusal } from './refusal.ts';

/** The search by phone or e-mail [RU:api-reference/crm/duplicates/crm-duplicate-find-by-comm.md]. */
export const DUPLICATE_METHODS: RestMethods = {
  'crm.duplicate.findbycomm': { scopes: ['crm'], run: findByCommunication },
};

/** Of the given values, the first different ones count. */
const MOST_VALUES = 20;

type EntityType = 'LEAD' | 'DEAL' | 'CONTACT' | 'COMPANY';

/** In the order of the type ids: 1, 2, 3, 4. */
const ENTITY_TYPES: Record<string, EntityType> = {
  L: 'LEAD',
  LEAD: 'LEAD',
  D: 'DEAL',
  DEAL: 'DEAL',
  C: 'CONTACT',
  CONTACT: 'CONTACT',
  CO: 'COMPANY',
  COMPANY: 'COMPANY',
};

/**
 * IDs of companies and contacts by phone or e-mail, in the way of company-data 3.1. It checks that the user may read
 * anything at all, but not which rows: IDs of unreadable rows are in the answer. The emulator has no leads.
 */
function findByCommunication(call: RestCall): Outcome {
  if (call.user.crm === 'none') throw crmRefusal('Access denied.');
  const type = readType(call.param('type'));
  const values = call.param('values');
  if (!isArrayLike(values) || asList(values).length === 0) {
    throw crmRefusal('Communication values is not defined.');
  }
  const entityType = readEntityType(call.params);
  if (entityType === 'DEAL') throw crmRefusal('Deal is not supported in current context.');

  const found = new Map<string, Set<number>>();
  for (const value of differentValues(type, values)) {
    for (const [name, id] of findRows(call.portal, type, value, entityType)) {
      const ids = found.get(name) ?? new Set<number>();
      found.set(name, ids.add(id));
    }
  }
  return { result: toPhpArray([...found].map(([name, ids]) => [name, [...ids]])) };
}

function readType(param: PhpValue | undefined): CommunicationType {
  const type = (asText(param) ?? '').toUpperCase();
  if (type === '') throw crmRefusal('Communication type is not defined.');
  if (type === 'PHONE' || type === 'EMAIL') return type;
  throw crmRefusal(`Communication type '${type}' is not supported in current context.`);
}

/** Unlike other parameters this one has four spellings; `entityType` is none of them. Unknown means every type. */
function readEntityType(params: PhpArray): EntityType | undefined {
  const { ENTITY_TYPE, entity_type, EntityType, arEntityType } = params;
  const name = asText(ENTITY_TYPE ?? entity_type ?? EntityType ?? arEntityType) ?? '';
  return ENTITY_TYPES[name.trim().toUpperCase()];
}

/** Phones differ in normal form, e-mails as they were written. JSON numbers and empty values do not count. */
function differentValues(type: CommunicationType, values: PhpValue): string[] {
  const texts = asList(values).filter((value): value is string => typeof value === 'string' && value !== '');
  const different = new Map(
    texts.map((text) => [type === 'PHONE' ? normalizeCommunication(type, text) : text, text]),
  );
  return [...different.values()].slice(0, MOST_VALUES);
}

/** The rows with the lowest type and id, contacts before companies, at most MOST_FOUND. */
function findRows(
  { communications }: Portal,
  type: CommunicationType,
  value: string,
  entityType: EntityType | undefined,
): [name: string, id: number][] {
  const names = (['CONTACT', 'COMPANY'] as const).filter(
    (name) => entityType === undefined || entityType === name,
  );
  const rows: [string, number][] = [];
  for (const name of names) {
    if (rows.length >= MOST_FOUND) break;
    for (const id of communications[name].find(type, value)) rows.push([name, id]);
  }
  return rows.slice(0, MOST_FOUND);
}
