import { AppError } from '../../errors.ts';
import { PAGE_SIZE } from '../rest/pages.ts';
import { RestError } from '../rest/rest-error.ts';
import type { Command, CommandAnswer, RestClient } from '../rest/rest-types.ts';
import { readTotal } from './list-answer.ts';
import type { ReferenceData, Stage } from './reference-data.ts';
import { asInstant, asNumber, asRows, exactDigits, readId, readRow, readText, readValues } from './values.ts';

/** Contacts and deals of a company. Null is a list that this person may not read. */
export interface Related {
  contacts: Some<Contact> | null;
  deals: Some<Deal> | null;
}

/** The first of them, and how many there are: null where the portal does not tell and there are more. */
export interface Some<T> {
  items: T[];
  total: number | null;
}

export interface Contact {
  id: number;
  /** Null when the contact has none. */
  name: string | null;
  /** Their position at the company. */
  post: string | null;
  phones: string[];
  emails: string[];
}

export interface Deal {
  id: number;
  title: string;
  /** Named by its id where the portal does not tell what it is called. */
  stage: Stage | null;
  amount: number | null;
  /** Only where a number cannot hold all of its digits: the digits as the portal has them. */
  exactAmount?: string;
  currency: string | null;
  /** ISO 8601. */
  created: string | null;
  isClosed: boolean;
}

const CONTACT_SELECT = ['ID', 'NAME', 'LAST_NAME', 'POST', 'PHONE', 'EMAIL'];
const DEAL_SELECT = [
  'ID',
  'TITLE',
  'STAGE_ID',
  'STAGE_SEMANTIC_ID',
  'OPPORTUNITY',
  'CURRENCY_ID',
  'DATE_CREATE',
  'CLOSED',
];

/**
 * Commands that ask for the contacts and deals of a company. The list of contacts filters by their main company only; the
 * bindings name the others.
 */
export function askForRelated(id: number): { bindings: Command; contacts: Command; deals: Command } {
  return {
    bindings: { method: 'crm.company.contact.items.get', params: { id } },
    contacts: {
      method: 'crm.contact.list',
      params: { filter: { COMPANY_ID: id }, select: CONTACT_SELECT, order: { ID: 'ASC' } },
    },
    deals: {
      method: 'crm.deal.list',
      // Open ones first, because they are what people look for.
      params: { filter: { COMPANY_ID: id }, select: DEAL_SELECT, order: { CLOSED: 'ASC', ID: 'DESC' } },
    },
  };
}

/**
 * The answers, completed with what they only refer to: contacts that are missing from the list, stages of other pipelines.
 * Companies without contacts and deals are still companies, so a refusal leaves a list null.
 */
export async function completeRelated(
  client: RestClient,
  answers: Record<'bindings' | 'contacts' | 'deals', CommandAnswer>,
  referenceData: ReferenceData,
): Promise<Related> {
  const [contacts] = await Promise.all([
    completeContacts(client, answers),
    completeStages(client, answers.deals, referenceData),
  ]);
  return { contacts, deals: readSome(answers.deals, (fields, id) => readDeal(fields, id, referenceData)) };
}

/** Asks for bound contacts that are missing from the list, in one more request if there are any. */
async function completeContacts(
  client: RestClient,
  answers: Record<'bindings' | 'contacts', CommandAnswer>,
): Promise<Related['contacts']> {
  const contacts = readSome(answers.contacts, readContact);
  const known = new Set(contacts?.items.map(({ id }) => id));
  const missing = boundContacts(answers.bindings).filter((id) => !known.has(id));
  // A longer list already has more than is shown.
  if (contacts === null || contacts.total !== contacts.items.length || missing.length === 0) return contacts;
  try {
    const params = {
      filter: { '@ID': missing.slice(0, PAGE_SIZE) },
      select: CONTACT_SELECT,
      order: { ID: 'ASC' },
    };
    const others = readSome(await client.call('crm.contact.list', params), readContact);
    // This person may not be allowed to read all of them, so those that were answered count.
    const items = [...contacts.items, ...(others?.items ?? [])];
    return { items, total: Math.max(contacts.total, items.length) };
  } catch (error) {
    if (error instanceof RestError && !error.needsNewToken) return contacts;
    throw error;
  }
}

/** Asks for the stages of pipelines that are not known yet, in one more request if a deal is in one of them. */
async function completeStages(
  client: RestClient,
  deals: CommandAnswer,
  referenceData: ReferenceData,
): Promise<void> {
  const stages = readSome(deals, ({ STAGE_ID }) => readText(STAGE_ID))?.items ?? [];
  const commands = referenceData.commandsForStagesOf(stages.filter((stage) => stage !== null));
  if (Object.keys(commands).length === 0) return;
  try {
    referenceData.load(await client.batch(commands));
  } catch (error) {
    // Whatever failed: ids stand in for the names of stages.
    if (!(error instanceof AppError)) throw error;
  }
}

function readSome<T>(
  answer: CommandAnswer,
  read: (fields: Record<string, unknown>, id: number) => T,
): Some<T> | null {
  const list = 'error' in answer ? undefined : asRows(answer.result);
  if ('error' in answer || list === undefined) return null;
  const rows = list.flatMap((raw) => readRow(raw) ?? []);
  return { items: rows.map(({ fields, id }) => read(fields, id)), total: readTotal(answer, 0) };
}

function readContact(fields: Record<string, unknown>, id: number): Contact {
  const name = [fields.NAME, fields.LAST_NAME].map(readText).filter((part) => part?.trim());
  return {
    id,
    name: name.join(' ') || null,
    post: readText(fields.POST),
    phones: readValues(fields.PHONE),
    emails: readValues(fields.EMAIL),
  };
}

function readDeal(fields: Record<string, unknown>, id: number, referenceData: ReferenceData): Deal {
  const stage = readText(fields.STAGE_ID);
  const exactAmount = exactDigits(fields.OPPORTUNITY);
  return {
    id,
    title: readText(fields.TITLE) ?? '',
    stage: stage === null ? null : (referenceData.stage(stage) ?? { name: stage, outcome: null }),
    amount: asNumber(fields.OPPORTUNITY),
    ...(exactAmount === undefined ? {} : { exactAmount }),
    currency: readText(fields.CURRENCY_ID),
    created: asInstant(fields.DATE_CREATE),
    isClosed: fields.CLOSED === 'Y' || fields.CLOSED === true,
  };
}

function boundContacts(answer: CommandAnswer): number[] {
  const bindings = 'error' in answer ? [] : (asRows(answer.result) ?? []);
  return bindings.flatMap((binding) => {
    const isBinding = typeof binding === 'object' && binding !== null && 'CONTACT_ID' in binding;
    return (isBinding && readId(binding.CONTACT_ID)) || [];
  });
}
