import type { CompanyBook } from '../crm/company-book.ts';
import type { CompanyField } from '../crm/company-fields.ts';
import { type CompanyRow, type CompanyValue, isMultifieldName } from '../crm/company-row.ts';
import { compileCondition, joinFilters, readConditions, toIdRange } from '../crm/filter.ts';
import type { OrderEntry, RowFilter, Visibility } from '../crm/table.ts';
import type { Portal, PortalUser } from '../portal/portal.ts';
import { asEntries, asList, asText, isArrayLike, type PhpValue } from '../wire/php-params.ts';
import { type Outcome, type RestCall, type RestMethods, readStart } from './method.ts';
import { crmRefusal } from './refusal.ts';

/** `crm.company.*` (sections 7.2 to 7.4). */
export const COMPANY_METHODS: RestMethods = {
  'crm.company.list': { scopes: ['crm'], run: listCompanies },
  'crm.company.get': { scopes: ['crm'], run: getCompany },
  'crm.company.fields': { scopes: ['crm'], run: describeFields },
};

function listCompanies(call: RestCall): Outcome {
  const { portal, user } = call;
  if (user.crm === 'none') throw crmRefusal('Access denied.');
  const order = call.param('order');
  const filter = call.param('filter');
  if (order !== undefined && !isArrayLike(order)) throw crmRefusal("Parameter 'order' must be array.");
  if (filter !== undefined && !isArrayLike(filter)) throw crmRefusal("Parameter 'filter' must be array.");

  const { table, fields } = portal.companies;
  const { rows, ...counts } = table.page(
    readableBy(user),
    readOrder(order),
    readFilter(portal, filter),
    readStart(call),
  );
  const selected = selectFields(fields, call.param('select'));
  call.world.cost.countPage();
  return { result: rows.map((row) => pick(row, selected)), ...counts };
}

/** The right is checked before existence, so that "denied" tells nothing about what exists (7.3). */
function getCompany(call: RestCall): Outcome {
  const { portal, user } = call;
  const id = asText(call.param('id')) ?? '';
  if (!/^[1-9]\d*$/.test(id)) throw crmRefusal('ID is not defined or invalid.');
  const row = portal.companies.find(id);
  const mayRead = user.crm === 'all' || (row !== undefined && readableBy(user).test(row));
  if (!mayRead) throw crmRefusal('Access denied.');
  if (row === undefined) throw crmRefusal('Not found');
  return { result: pick(row, portal.companies.fields) };
}

function describeFields({ portal }: RestCall): Outcome {
  const described = portal.companies.fields.map((field) => [field.name, describe(field, portal)]);
  return { result: Object.fromEntries(described) };
}

function describe(field: CompanyField, { language }: Portal) {
  const { name, type, isReadOnly, isMultiple, isDynamic, userField } = field;
  const title = field[language];
  return {
    type,
    isRequired: name === 'TITLE',
    isReadOnly,
    isImmutable: false,
    isMultiple,
    isDynamic,
    // A user field's title is its name; people know it by its labels.
    title: userField ? name : title,
    ...(type === 'crm_status' && { statusType: name }),
    ...(userField?.items && { items: userField.items }),
    ...(userField && { settings: [], listLabel: title, formLabel: title, filterLabel: title }),
  };
}

/** Which companies the token's user may read (7.1); the rest neither shows nor counts. */
export function readableBy(user: PortalUser): Visibility<CompanyRow> {
  switch (user.crm) {
    case 'all':
      return { key: 'all', everything: true, test: () => true };
    case 'own':
      return {
        key: `own ${user.id}`,
        everything: false,
        test: (row) => row.ASSIGNED_BY_ID === String(user.id),
      };
    case 'none':
      return { key: 'none', everything: false, test: () => false };
  }
}

function readOrder(order: PhpValue | undefined): OrderEntry[] {
  return asEntries(order).map(([field, direction]) => ({
    field,
    descending: asText(direction)?.toUpperCase() === 'DESC',
  }));
}

/** Filter fields nobody knows are silently dropped: a typo returns everything (7.2). */
function readFilter({ companies: { table }, utcOffset }: Portal, filter: PhpValue | undefined): RowFilter {
  const parts = readConditions(filter).flatMap((condition) => {
    const { field } = condition;
    const kind = table.kindOf(field);
    if (kind === undefined) return [];
    const range = field === 'ID' ? toIdRange(condition) : undefined;
    return [range ?? table.testColumn(field, compileCondition(condition, kind, utcOffset))];
  });
  return joinFilters(parts);
}

/** `*` are the ordinary fields, `UF_*` the user fields; multifields come only when named, `ID` always (7.2). */
function selectFields(fields: CompanyBook['fields'], select: PhpValue | undefined): CompanyField[] {
  const given = isArrayLike(select) ? asList(select).map((name) => asText(name) ?? '') : [];
  const names = new Set(given.length > 0 ? given : ['*', 'UF_*']);
  return fields.filter(({ name, isDynamic }) => {
    if (name === 'ID' || names.has(name)) return true;
    if (isMultifieldName(name)) return false;
    return names.has(isDynamic ? 'UF_*' : '*');
  });
}

/** A company without phones has no `PHONE` key at all; any other absent value is null (7.2). */
function pick(row: CompanyRow, fields: CompanyField[]): Record<string, CompanyValue> {
  const picked: Record<string, CompanyValue> = {};
  for (const { name, isMultiple } of fields) {
    const value = row[name];
    if (value !== undefined) picked[name] = value;
    else if (!isMultifieldName(name)) picked[name] = isMultiple ? [] : null;
  }
  return picked;
}
