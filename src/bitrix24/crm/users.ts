import { UnexpectedResponseError } from '../../http-client/transport-errors.ts';
import { PAGE_SIZE } from '../rest/pages.ts';
import { RestError } from '../rest/rest-error.ts';
import type { Command, CommandAnswer, RestClient } from '../rest/rest-types.ts';
import { asRows, readId, readText } from './values.ts';

/** A portal user as others see them. The name is unknown without the `user` permission. */
export interface Person {
  id: number;
  name: string | null;
}

/** A portal user about themselves. */
export interface Profile extends Person {
  /** IANA name; null where the portal does not tell. */
  timeZone: string | null;
}

/** The fields of a `Person`; a portal that does not know `select` answers more. */
const PERSON_SELECT = ['ID', 'NAME', 'LAST_NAME'];

/** Longer than the name of any time zone. */
const MAX_ZONE_LENGTH = 64;

/**
 * Who the token acts as. `profile` needs no permission (protocol 7.7).
 *
 * @throws {RestError} @throws {TransportError} @throws {UnexpectedResponseError}
 */
export async function loadProfile(client: RestClient): Promise<Profile> {
  const { result } = await client.call('profile');
  const person = readPerson(result);
  // An inactive user gets an empty answer.
  if (person === undefined) throw new UnexpectedResponseError('profile', 'profile names no user');
  const zone = readText((result as Record<string, unknown>).TIME_ZONE);
  return { ...person, timeZone: zone !== null && zone.length <= MAX_ZONE_LENGTH ? zone : null };
}

/**
 * Asks for portal users by their ids, of which `user.get` answers up to 50.
 *
 * @param ids  numbers, or references to the results of other commands of a batch (protocol 6.2)
 */
export function askForPeople(ids: (string | number)[]): Command {
  return { method: 'user.get', params: { FILTER: { ID: ids }, select: PERSON_SELECT } };
}

/** Asks for a page of the people who work at the portal, by their last names. */
export function askForColleagues(start: number): Command {
  return {
    method: 'user.get',
    params: { FILTER: { ACTIVE: true }, select: PERSON_SELECT, sort: 'LAST_NAME', order: 'ASC', start },
  };
}

/** People by their ids. Companies without names of people are still companies, so a refusal leaves the map empty. */
export function readPeople(answer: CommandAnswer): Map<number, Person> {
  const rows = 'error' in answer ? [] : (asRows(answer.result) ?? []);
  const people = new Map<number, Person>();
  for (const row of rows) {
    const person = readPerson(row);
    if (person) people.set(person.id, person);
  }
  return people;
}

/** Without zod, because a page has two hundred of them. A row of another shape is left out. */
function readPerson(row: unknown): Person | undefined {
  if (typeof row !== 'object' || row === null) return undefined;
  const { ID, NAME, LAST_NAME } = row as Record<string, unknown>;
  const id = readId(ID);
  if (id === null) return undefined;
  const name = [readText(NAME), readText(LAST_NAME)].filter((part) => part?.trim()).join(' ');
  return { id, name: name || null };
}

/**
 * Names of portal users; those that are unknown, or all when the permission is missing, are absent from the map.
 *
 * @param ids  at most 50 different ones
 */
export async function loadPeople(client: RestClient, ids: Iterable<number>): Promise<Map<number, Person>> {
  const wanted = [...new Set(ids)].slice(0, PAGE_SIZE);
  if (wanted.length === 0) return new Map();
  try {
    const { method, params } = askForPeople(wanted);
    return readPeople(await client.call(method, params));
  } catch (error) {
    if (error instanceof RestError && !error.needsNewToken) return new Map();
    throw error;
  }
}
