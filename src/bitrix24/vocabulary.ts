import { z } from 'zod';
import { type Dictionary, type FieldDescription, readDescriptions } from './company-field.ts';
import { askForColleagues, type Person, readPeople } from './people.ts';
import type { Command, CommandAnswer, Commands } from './rest-client.ts';

/** The dictionaries that fields of companies refer to (protocol 7.5), by their `ENTITY_ID`. */
const DICTIONARIES = { types: 'COMPANY_TYPE', industries: 'INDUSTRY', employees: 'EMPLOYEES' } as const;
export type DictionaryName = keyof typeof DICTIONARIES;

/** `user.get` answers 50 a page; whoever is in a larger company is found through one of theirs. */
const PEOPLE_PER_PAGE = 50;
const COLLEAGUE_PAGES = [0, 1, 2, 3];

const StatusRow = z.object({ STATUS_ID: z.string(), NAME: z.string() });
const StageRow = StatusRow.extend({ SEMANTICS: z.string().nullish().catch(null) });

/** Where a deal stands. */
export interface Stage {
  name: string;
  outcome: 'won' | 'lost' | null;
}

/** Pipelines whose stages are asked for beside those of the first; later ones show no stage. */
const PIPELINES = Array.from({ length: 10 }, (_, index) => index);

/**
 * The words of a portal: names in its dictionaries, and what its fields are called. They change seldom, so whoever reads
 * companies asks along for what is not known yet, in the same request.
 */
export class Vocabulary {
  readonly #dictionaries = new Map<string, Dictionary>();
  #descriptions: Map<string, FieldDescription> | undefined;
  #stages: Map<string, Stage> | undefined;
  #colleagues: Person[] | undefined;

  /** Commands that ask for those of `names` that are not known. */
  missing(names: DictionaryName[]): Commands<string> {
    const unknown = names.filter((name) => !this.#dictionaries.has(DICTIONARIES[name]));
    return Object.fromEntries(unknown.map((name) => [name, askForDictionary(DICTIONARIES[name])]));
  }

  /** As `missing`, for the descriptions of fields. */
  missingDescriptions(): Commands<string> {
    return this.#descriptions ? {} : { fields: { method: 'crm.company.fields' } };
  }

  /** As `missing`, for the stages of deals: each pipeline has its own, and which there are is told in the same request. */
  missingStages(): Commands<string> {
    if (this.#stages) return {};
    return {
      pipelines: { method: 'crm.category.list', params: { entityTypeId: 2 } },
      stages: askForDictionary('DEAL_STAGE'),
      ...Object.fromEntries(
        PIPELINES.map((index) => [
          `stages${index}`,
          askForDictionary(`DEAL_STAGE_$result[pipelines][categories][${index}][id]`),
        ]),
      ),
    };
  }

  /** By `STAGE_ID`, which tells its pipeline too: `C3:NEW`. */
  stage(id: string): Stage | undefined {
    return this.#stages?.get(id);
  }

  /** As `missing`, for the people of the portal that a company may be given to. */
  missingColleagues(): Commands<string> {
    if (this.#colleagues) return {};
    return Object.fromEntries(
      COLLEAGUE_PAGES.map((page) => [`colleagues${page}`, askForColleagues(page * PEOPLE_PER_PAGE)]),
    );
  }

  /** Takes in the answers to those commands. What was refused is asked for again next time. */
  learn(answers: Record<string, CommandAnswer>): void {
    for (const [name, entityId] of Object.entries(DICTIONARIES)) {
      const answer = answers[name];
      if (answer && !('error' in answer)) this.#dictionaries.set(entityId, readDictionary(answer.result));
    }
    const { fields } = answers;
    if (fields && !('error' in fields)) this.#descriptions = readDescriptions(fields.result);
    const { stages } = answers;
    if (stages && !('error' in stages)) {
      const all = [stages, ...PIPELINES.flatMap((index) => answers[`stages${index}`] ?? [])];
      this.#stages = new Map(all.flatMap((answer) => ('error' in answer ? [] : readStages(answer.result))));
    }
    const colleagues = COLLEAGUE_PAGES.flatMap((page) => answers[`colleagues${page}`] ?? []);
    // Where people may not be read there are none to choose from, and asking again would not help.
    if (colleagues.some((answer) => !('error' in answer) || !answer.error.isTransient)) {
      const people = colleagues.flatMap((answer) => [...readPeople(answer).values()]);
      this.#colleagues = [...new Map(people.map((person) => [person.id, person])).values()];
    }
  }

  /** Active people of the portal by their last names, two hundred at most; none while they are not known. */
  get colleagues(): Person[] {
    return this.#colleagues ?? [];
  }

  /** Nothing to hand on or to measure: what a page needs of it, it takes. */
  toJSON(): undefined {
    return undefined;
  }

  /** By `ENTITY_ID`; empty while it is not known, which leaves ids in place of names. */
  dictionary(entityId: string): Dictionary {
    return this.#dictionaries.get(entityId) ?? new Map();
  }

  get dictionaries(): Map<string, Dictionary> {
    return this.#dictionaries;
  }

  get descriptions(): Map<string, FieldDescription> {
    return this.#descriptions ?? new Map();
  }
}

function askForDictionary(entityId: string): Command {
  return { method: 'crm.status.list', params: { filter: { ENTITY_ID: entityId }, order: { SORT: 'ASC' } } };
}

function readDictionary(result: unknown): Dictionary {
  return new Map(
    (Array.isArray(result) ? result : []).flatMap((row) => {
      const status = StatusRow.safeParse(row);
      return status.success ? [[status.data.STATUS_ID, status.data.NAME]] : [];
    }),
  );
}

/** A map, because a portal may answer any word, `constructor` included. */
const OUTCOMES = new Map<string | null | undefined, Stage['outcome']>([
  ['S', 'won'],
  ['F', 'lost'],
]);

function readStages(result: unknown): [string, Stage][] {
  return (Array.isArray(result) ? result : []).flatMap((row): [string, Stage][] => {
    const stage = StageRow.safeParse(row);
    if (!stage.success) return [];
    const { STATUS_ID, NAME, SEMANTICS } = stage.data;
    return [[STATUS_ID, { name: NAME, outcome: OUTCOMES.get(SEMANTICS) ?? null }]];
  });
}
