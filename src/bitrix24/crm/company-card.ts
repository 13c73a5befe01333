import { UnexpectedResponseError } from '../../http-client/transport-errors.ts';
import { PAGE_SIZE } from '../rest/pages.ts';
import { mustSucceed, type RestClient } from '../rest/rest-types.ts';
import { type Company, readCompany } from './company.ts';
import { type CompanyField, readFields } from './company-fields.ts';
import type { FieldDescription } from './field-description.ts';
import { linkedPeople } from './multifield.ts';
import { isPersonType } from './read-field-value.ts';
import { DICTIONARY_NAMES, ReferenceData } from './reference-data.ts';
import { askForRelated, completeRelated, type Related } from './related-records.ts';
import { askForPeople, loadPeople, type Person, readPeople } from './users.ts';
import { asList, readId, readRow } from './values.ts';

export interface CompanyCard extends Related {
  company: Company;
  /** Every field that has a value, in the portal's order. */
  fields: CompanyField[];
}

/** Fields of every company that name a person, so that their names can be asked for before the company is known. */
const PERSON_FIELDS = ['ASSIGNED_BY_ID', 'CREATED_BY_ID', 'MODIFY_BY_ID', 'LAST_ACTIVITY_BY'];

/**
 * One company with every field that has a value, its contacts and its deals.
 *
 * @param referenceData  as for `listCompanies`
 * @throws {RestError} `not_found` when there is none; others as `listCompanies`
 */
export async function loadCompany(
  client: RestClient,
  id: number,
  referenceData = new ReferenceData(),
): Promise<CompanyCard> {
  const answers = await client.batch({
    company: { method: 'crm.company.get', params: { id } },
    people: askForPeople(personFields(referenceData.descriptions).map((name) => `$result[company][${name}]`)),
    ...askForRelated(id),
    ...referenceData.commandsFor(DICTIONARY_NAMES),
    ...referenceData.commandsForFields(),
    ...referenceData.commandsForStages(),
  });
  referenceData.load(answers);
  const row = readRow(mustSucceed(answers.company).result);
  if (!row) throw new UnexpectedResponseError('result', 'crm.company.get answered no company');
  const { descriptions, dictionaries } = referenceData;
  const [people, related] = await Promise.all([
    completePeople(client, readPeople(answers.people), peopleOf(row.fields, descriptions)),
    completeRelated(client, answers, referenceData),
  ]);
  const company = readCompany(row, referenceData, people);
  const context = { currency: company.currency, dictionaries, people };
  return { company, fields: readFields(row.fields, descriptions, context), ...related };
}

/** Fields with one value, which a batch reference can name. */
function personFields(descriptions: Map<string, FieldDescription>): string[] {
  const own = [...descriptions]
    .filter(([, { type, isMultiple }]) => isPersonType(type) && !isMultiple)
    .map(([name]) => name);
  return [...new Set([...PERSON_FIELDS, ...own])].slice(0, PAGE_SIZE);
}

/** Loads people that the batch references did not reach, in one more request if there are any. */
async function completePeople(
  client: RestClient,
  known: Map<number, Person>,
  wanted: number[],
): Promise<Map<number, Person>> {
  const missing = wanted.filter((id) => !known.has(id));
  // Without even the responsible person, the user may not read people.
  if (missing.length === 0 || known.size === 0) return known;
  return new Map([...known, ...(await loadPeople(client, missing))]);
}

/** Whom the fields of a company name. */
function peopleOf(fields: Record<string, unknown>, descriptions: Map<string, FieldDescription>): number[] {
  const isPerson = (name: string) =>
    name === 'ASSIGNED_BY_ID' || isPersonType(descriptions.get(name)?.type ?? '');
  const named = Object.keys(fields)
    .filter(isPerson)
    .flatMap((name) => asList(fields[name]))
    .flatMap((id) => readId(id) ?? []);
  return [...named, ...linkedPeople(fields.LINK)];
}
