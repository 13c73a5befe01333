import { PAGE_SIZE } from '../rest/pages.ts';
import {
  type CommandAnswer,
  type Commands,
  mustSucceed,
  type Params,
  type RestClient,
} from '../rest/rest-types.ts';
import { buildWireFilter, type CompanyFilter } from './company-filter.ts';
import { companyRows } from './list-answer.ts';
import { readSearch } from './search-readings.ts';
import { asList, readId, readRow } from './values.ts';

/** Pages of ids of companies whose titles hold the text. It looks like a phone or an e-mail, so there are few. */
const TITLE_PAGES = 4;

/**
 * The `filter` of `crm.company.list` for all readings of what is searched for.
 *
 * A list method has no OR, and compares a phone only from its beginning and as it was typed (company-data 3.2). So a text
 * that may be a phone or an e-mail takes one request more: it brings the ids that each reading finds, and the list is
 * asked for these ids. `crm.duplicate.findbycomm` names companies that the person may not read; the list leaves them
 * out, and their ids go nowhere else.
 *
 * @returns null when nothing is found: an empty list of ids would be no condition (company-data 0.1)
 * @throws as `listCompanies`
 */
export async function resolveFilter(client: RestClient, filter: CompanyFilter): Promise<Params | null> {
  const byTitle = buildWireFilter(filter);
  const { phones, emails } = readSearch(filter.search?.text ?? '');
  if (phones.length === 0 && emails.length === 0) return byTitle;
  const answers: Record<string, CommandAnswer> = await client.batch({
    ...askForTitles(byTitle),
    ...askByCommunication('phone', phones),
    ...askByCommunication('email', emails),
  });
  const titles = readTitles(answers);
  // So many have this in their titles that it is neither a phone nor an e-mail.
  if (titles.length >= TITLE_PAGES * PAGE_SIZE) return byTitle;
  const found = new Set([...titles, ...readFound(answers.phone), ...readFound(answers.email)]);
  if (found.size === 0) return null;
  return { ...buildWireFilter({ ...filter, search: null }), '@ID': [...found].sort((a, b) => a - b) };
}

/**
 * Ids of companies by their titles, the newest first, page after page by references. Behind a page that is not full the
 * reference leads nowhere, and a portal takes it for the number 1 or 0 (company-data 0.2): no company has a smaller id.
 */
function askForTitles(filter: Params): Commands<string> {
  const pages = Array.from({ length: TITLE_PAGES }, (_, page) => {
    const before = page === 0 ? {} : { '<ID': `$result[titles${page - 1}][${PAGE_SIZE - 1}][ID]` };
    const params = { select: ['ID'], filter: { ...filter, ...before }, order: { ID: 'DESC' }, start: -1 };
    return [`titles${page}`, { method: 'crm.company.list', params }];
  });
  return Object.fromEntries(pages);
}

/** One kind of entity, because a portal answers 20 rows for a value, and leads and contacts come before companies. */
function askByCommunication(name: 'phone' | 'email', values: string[]): Commands<string> {
  if (values.length === 0) return {};
  const params = { type: name.toUpperCase(), entity_type: 'COMPANY', values };
  return { [name]: { method: 'crm.duplicate.findbycomm', params } };
}

function readTitles(answers: Record<string, CommandAnswer>): number[] {
  const ids: number[] = [];
  for (let page = 0; page < TITLE_PAGES; page += 1) {
    const answer = answers[`titles${page}`];
    if (answer === undefined) break;
    const rows = companyRows(mustSucceed(answer).result);
    ids.push(...rows.flatMap((row) => readRow(row)?.id ?? []));
    if (rows.length < PAGE_SIZE) break;
  }
  return ids;
}

/** `{"COMPANY": [7, 41]}`, or `[]`. A portal that does not know the method finds nothing by it. */
function readFound(answer: CommandAnswer | undefined): number[] {
  if (answer === undefined) return [];
  if ('error' in answer && !answer.error.passes) return [];
  const { result } = mustSucceed(answer);
  const ids = typeof result === 'object' && result !== null && 'COMPANY' in result ? result.COMPANY : [];
  return asList(ids).flatMap((id) => readId(id) ?? []);
}
