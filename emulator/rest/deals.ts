import { DEAL_FIELDS } from '../crm/deal-fields.ts';
import { asText } from '../wire/php-params.ts';
import { describeFields, listCrmRows } from './crm-list.ts';
import type { Outcome, RestCall, RestMethods } from './method.ts';
import { RestRefusal } from './refusal.ts';

/** Deals and their pipelines [RU:api-reference/crm/deals/crm-deal-list.md, crm-deal-fields.md]. */
export const DEAL_METHODS: RestMethods = {
  'crm.deal.list': { scopes: ['crm'], run: (call) => listCrmRows(call, 'deal', call.portal.deals) },
  'crm.deal.fields': { scopes: ['crm'], run: (call) => describeFields(DEAL_FIELDS, call) },
  'crm.category.list': { scopes: ['crm'], run: listCategories },
};

const DEAL_ENTITY_TYPE = '2';

/** CRM item types without pipelines, by `entityTypeId`. */
const WITHOUT_CATEGORIES: Record<string, string> = { '1': 'Lead', '5': 'Invoice', '7': 'Quote' };

/** Pipelines ordered by sort; the default one has no origin keys [RU:…/universal/category/crm-category-list.md]. */
function listCategories({ portal, user, param }: RestCall): Outcome {
  const entityTypeId = asText(param('entityTypeId')) ?? '';
  const unsupported = WITHOUT_CATEGORIES[entityTypeId];
  if (unsupported !== undefined) {
    throw new RestRefusal(
      'ENTITY_TYPE_NOT_SUPPORTED',
      `Entity type \`${unsupported}\` is not supported`,
      400,
    );
  }
  if (entityTypeId !== DEAL_ENTITY_TYPE) throw new RestRefusal('NOT_FOUND', 'Smart process not found', 400);

  // Pipelines that the user has no right to are left out.
  const readable = user.crm === 'none' ? [] : portal.dealCategories;
  const categories = readable
    .map(({ id, name, sort }, index) => ({
      id,
      name,
      sort: sort ?? (index + 1) * 100,
      entityTypeId: Number(DEAL_ENTITY_TYPE),
      isDefault: id === 0 ? 'Y' : 'N',
      ...(id !== 0 && { originId: '', originatorId: '' }),
    }))
    .sort((a, b) => a.sort - b.sort);
  return { result: { categories }, total: categories.length };
}
