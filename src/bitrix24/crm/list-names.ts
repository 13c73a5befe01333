import { PAGE_SIZE } from '../rest/pages.ts';
import { RestError } from '../rest/rest-error.ts';
import type { CommandAnswer, Commands, RestClient } from '../rest/rest-types.ts';
import { LIST_NAMES, Retries } from '../rest/retry-policy.ts';
import { DICTIONARY_NAMES, type DictionaryName, ReferenceData } from './reference-data.ts';
import { askForPeople, type Person, readPeople } from './users.ts';

/** People in one request: some portals answer more fields of each than were asked for. */
const PEOPLE_AT_ONCE = 10 * PAGE_SIZE;

/**
 * The names that the rows of a whole list refer to: of dictionaries, and of the people who are responsible. A list without
 * them is still a list, so that a refusal leaves ids in place of names; but a momentary failure must not cost all of them.
 */
export class ListNames {
  readonly referenceData = new ReferenceData();
  /** By their ids. A person whom the portal does not know has a null name, and is not asked for again. */
  readonly people = new Map<number, Person>();
  readonly #client: RestClient;
  readonly #retries: Retries;
  #words: DictionaryName[] = DICTIONARY_NAMES;
  #mayReadPeople = true;
  readonly #askedInVain = new Set<number>();
  #turn: Promise<unknown> = Promise.resolve();

  constructor(client: RestClient, signal: AbortSignal) {
    this.#client = client;
    this.#retries = new Retries(LIST_NAMES, signal);
  }

  /** Commands for the dictionaries that are not known yet. */
  missingCommands(): Commands<string> {
    return this.referenceData.commandsFor(this.#words);
  }

  /** Takes in the answers to those commands, and to `people…` commands. Only a missing right is final. */
  learn(answers: Record<string, CommandAnswer>): void {
    this.referenceData.load(answers);
    this.#words = this.#words.filter((word) => !isForbidden(answers[word]));
    for (const [name, answer] of Object.entries(answers)) {
      if (!name.startsWith('people')) continue;
      if (isForbidden(answer)) this.#mayReadPeople = false;
      for (const [id, person] of readPeople(answer)) this.people.set(id, person);
    }
  }

  /** Asks for the names that these ids still lack. One part of the list at a time, because most refer to the same people. */
  async complete(ids: Iterable<number>): Promise<void> {
    const turn = this.#turn.then(() => this.#complete([...ids]));
    this.#turn = turn.catch(() => {});
    await turn;
  }

  async #complete(ids: number[]): Promise<void> {
    const unknown = this.#unknown(ids);
    const fresh = unknown.filter((id) => !this.#askedInVain.has(id));
    // Ids that were asked for in vain are repeated where a request has room.
    const room = Math.ceil(fresh.length / PEOPLE_AT_ONCE) * PEOPLE_AT_ONCE;
    const wanted = [...new Set([...fresh, ...unknown])].slice(0, room);
    for (let from = 0; from < wanted.length; from += PEOPLE_AT_ONCE) {
      await this.#ask(wanted.slice(from, from + PEOPLE_AT_ONCE));
    }
    const missing = this.#unknown(ids);
    const isComplete = missing.length === 0 && Object.keys(this.missingCommands()).length === 0;
    if (isComplete || !(await this.#retries.pauseAfter(undefined))) return;
    await this.#ask(missing.slice(0, PEOPLE_AT_ONCE));
  }

  #unknown(ids: number[]): number[] {
    return this.#mayReadPeople ? ids.filter((id) => !this.people.has(id)) : [];
  }

  async #ask(ids: number[]): Promise<void> {
    const pages = Array.from({ length: Math.ceil(ids.length / PAGE_SIZE) }, (_, page) => ({
      name: `people${page}`,
      ids: ids.slice(page * PAGE_SIZE, (page + 1) * PAGE_SIZE),
    }));
    for (const id of ids) this.#askedInVain.add(id);
    try {
      const answers = await this.#client.batch({
        ...this.missingCommands(),
        ...Object.fromEntries(pages.map((page) => [page.name, askForPeople(page.ids)])),
      });
      this.learn(answers);
      for (const page of pages) if (!isFailed(answers[page.name])) this.#noteUnknown(page.ids);
    } catch (error) {
      // A failure that lasts meets the reading of pages as well, and ends it.
      if (!(error instanceof RestError) || error.needsNewToken) throw error;
    }
  }

  /** People whom the portal does not know now will be unknown on the next page too. */
  #noteUnknown(ids: number[]): void {
    for (const id of ids) if (!this.people.has(id)) this.people.set(id, { id, name: null });
  }
}

function isFailed(answer: CommandAnswer | undefined): boolean {
  return answer === undefined || 'error' in answer;
}

function isForbidden(answer: CommandAnswer | undefined): boolean {
  return answer !== undefined && 'error' in answer && answer.error.endsAccess;
}
