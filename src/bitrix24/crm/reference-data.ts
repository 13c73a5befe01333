import { z } from 'zod';
import type { Command, CommandAnswer, Commands, RestClient } from '../rest/rest-types.ts';
import { columnsOf, type FilterOf } from './company-columns.ts';
import type { CompanyFilter } from './company-filter.ts';
import { type FieldDescription, readDescriptions } from './field-description.ts';
import { askForColleagues, askForPeople, type Person, readPeople } from './users.ts';
import { asRows, type Dictionary } from './values.ts';

/** The dictionaries that fields of companies refer to (protocol 7.5), by their `ENTITY_ID`. */
const DICTIONARIES = Object.fromEntries(
  columnsOf('dictionary').map(({ filter, wire }) => [filter, wire]),
) as Record<DictionaryName, string>;
export type DictionaryName = FilterOf<'dictionary'>;
export const DICTIONARY_NAMES = Object.keys(DICTIONARIES) as DictionaryName[];

/** `user.get` answers 50 a page. In portals with more users than these pages hold, the others are not offered. */
const PEOPLE_PER_PAGE = 50;
const COLLEAGUE_PAGES = [0, 1, 2, 3];

/** Some portals write numbers without quotes. */
const Text = z.union([z.string(), z.number().transform(String)]);
const StatusRow = z.object({ STATUS_ID: Text, NAME: Text });
const StageRow = StatusRow.extend({ SEMANTICS: z.string().nullish().catch(null) });

/** The stage of a deal. */
export interface Stage {
  name: string;
  outcome: 'won' | 'lost' | null;
}

/** Pipelines whose stages are loaded at first; those of another pipeline are loaded when a deal is in it. */
const PIPELINES = Array.from({ length: 10 }, (_, index) => index);
/** The `ENTITY_ID` of the first pipeline's stages; those of others have `_{number}` behind it. */
const FIRST_PIPELINE = 'DEAL_STAGE';

/**
 * A portal's reference data: names in its dictionaries, labels of its fields, stages, colleagues. It changes seldom, so a
 * request for companies asks for the missing parts along with them.
 */
export class ReferenceData {
  readonly #dictionaries = new Map<string, Dictionary>();
  #descriptions: Map<string, FieldDescription> | undefined;
  #stages: Map<string, Stage> | undefined;
  /** Pipelines whose stages are loaded, by the `ENTITY_ID` of the stages. */
  readonly #pipelines = new Set<string>();
  #colleagues: Person[] | undefined;
  #knowsAllColleagues = false;
  readonly #named = new Map<number, Person>();

  /** Commands that load those of `names` that are missing; empty when none is. */
  commandsFor(names: DictionaryName[]): Commands<string> {
    const unknown = names.filter((name) => !this.#dictionaries.has(DICTIONARIES[name]));
    return Object.fromEntries(unknown.map((name) => [name, askForDictionary(DICTIONARIES[name])]));
  }

  /** As `commandsFor`, for the descriptions of fields. */
  commandsForFields(): Commands<string> {
    return this.#descriptions ? {} : { fields: { method: 'crm.company.fields' } };
  }

  /** As `commandsFor`, for the stages of deals: each pipeline has its own, and which there are is told in the same request. */
  commandsForStages(): Commands<string> {
    if (this.#stages) return {};
    return {
      pipelines: { method: 'crm.category.list', params: { entityTypeId: 2 } },
      stages: askForDictionary(FIRST_PIPELINE),
      ...Object.fromEntries(
        PIPELINES.map((index) => [
          `stages${index}`,
          askForDictionary(`${FIRST_PIPELINE}_$result[pipelines][categories][${index}][id]`),
        ]),
      ),
    };
  }

  /** As `commandsFor`, for these stages once those of the first pipelines are known. */
  commandsForStagesOf(stageIds: string[]): Commands<string> {
    const pipelines = new Set(this.#stages ? stageIds.map(pipelineOf) : []);
    const unknown = [...pipelines].filter((pipeline) => !this.#pipelines.has(pipeline));
    return Object.fromEntries(unknown.map((pipeline) => [pipeline, askForDictionary(pipeline)]));
  }

  /** By `STAGE_ID`. */
  stage(id: string): Stage | undefined {
    return this.#stages?.get(id);
  }

  /** As `commandsFor`, for the people of the portal that a company may be given to. */
  commandsForColleagues(): Commands<string> {
    if (this.#colleagues) return {};
    return Object.fromEntries(
      COLLEAGUE_PAGES.map((page) => [`colleagues${page}`, askForColleagues(page * PEOPLE_PER_PAGE)]),
    );
  }

  /** As `commandsFor`, for the user that a filter names: they may have left, or not be among the colleagues offered. */
  commandsForPerson(id: number | null): Commands<string> {
    // Without any colleague the user may not read people.
    const isOfNoUse = id === null || this.person(id) !== undefined || this.#colleagues?.length === 0;
    return isOfNoUse ? {} : { named: askForPeople([id]) };
  }

  /** As `commandsFor`, for all that a filter names. */
  commandsForFilter({ responsible, ...filter }: CompanyFilter): Commands<string> {
    const names = DICTIONARY_NAMES.filter((name) => filter[name].some((id) => id !== ''));
    return { ...this.commandsFor(names), ...this.commandsForPerson(responsible) };
  }

  /** Adds the answers to those commands. Parts that the portal refused stay missing. */
  load(answers: Record<string, CommandAnswer>): void {
    for (const [name, entityId] of Object.entries(DICTIONARIES)) {
      const answer = answers[name];
      if (answer && !('error' in answer)) this.#dictionaries.set(entityId, readDictionary(answer.result));
    }
    const { fields } = answers;
    if (fields && !('error' in fields)) this.#descriptions = readDescriptions(fields.result);
    this.#loadStages(answers);
    const colleagues = COLLEAGUE_PAGES.flatMap((page) => answers[`colleagues${page}`] ?? []);
    // A final refusal to read people counts as an answer with none: asking again would not help.
    if (colleagues.some((answer) => !('error' in answer) || !answer.error.passes)) {
      const people = colleagues.flatMap((answer) => [...readPeople(answer).values()]);
      const different = [...new Map(people.map((person) => [person.id, person])).values()];
      this.#colleagues = different;
      this.#knowsAllColleagues = colleagues.some(
        (answer) => !('error' in answer) && answer.total !== undefined && answer.total <= different.length,
      );
    }
    if (answers.named) for (const [id, person] of readPeople(answers.named)) this.#named.set(id, person);
  }

  #loadStages(answers: Record<string, CommandAnswer>): void {
    if (answers.stages && !('error' in answers.stages)) this.#stages ??= new Map();
    if (this.#stages === undefined) return;
    for (const [name, answer] of Object.entries(answers)) {
      const isOfStages = /^(stages\d*|DEAL_STAGE(_\d+)?)$/.test(name);
      if (!isOfStages || 'error' in answer) continue;
      const stages = readStages(answer.result);
      for (const [id, stage] of stages) this.#stages.set(id, stage);
      // A pipeline without stages, because it was deleted, is not asked for again either.
      for (const pipeline of [name, ...stages.map(([id]) => pipelineOf(id))]) this.#pipelines.add(pipeline);
    }
  }

  /** A colleague, or the user that a filter named. */
  person(id: number): Person | undefined {
    return this.colleagues.find((person) => person.id === id) ?? this.#named.get(id);
  }

  /** Active users of the portal by last name, two hundred at most; empty while they are not loaded. */
  get colleagues(): Person[] {
    return this.#colleagues ?? [];
  }

  /** Whether `colleagues` holds all of them. */
  get knowsAllColleagues(): boolean {
    return this.#knowsAllColleagues;
  }

  /** All kept answers of a user share it, so it is neither part of their JSON nor of the size that the cache counts. */
  toJSON(): undefined {
    return undefined;
  }

  /** By `ENTITY_ID`; empty while it is not loaded, so ids stand in for names. */
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

/**
 * Loads the names that a filter refers to, in one request; none is sent if all are known.
 *
 * @throws {RestError} @throws {TransportError} @throws {UnexpectedResponseError} @throws {PortalLimitedError}
 */
export async function loadReferenceData(
  client: RestClient,
  filter: CompanyFilter,
  referenceData: ReferenceData,
): Promise<void> {
  const commands = referenceData.commandsForFilter(filter);
  if (Object.keys(commands).length > 0) referenceData.load(await client.batch(commands));
}

function askForDictionary(entityId: string): Command {
  return { method: 'crm.status.list', params: { filter: { ENTITY_ID: entityId }, order: { SORT: 'ASC' } } };
}

function readDictionary(result: unknown): Dictionary {
  return new Map(
    (asRows(result) ?? []).flatMap((row): [string, string][] => {
      const status = StatusRow.safeParse(row);
      return status.success ? [[status.data.STATUS_ID, status.data.NAME]] : [];
    }),
  );
}

/** A `STAGE_ID` tells its pipeline: `C3:NEW`, and `NEW` in the first. */
function pipelineOf(stageId: string): string {
  const [, number] = /^C(\d{1,15}):/.exec(stageId) ?? [];
  return number === undefined ? FIRST_PIPELINE : `${FIRST_PIPELINE}_${number}`;
}

/** A map, because a portal may answer any word, `constructor` included. */
const OUTCOMES = new Map<string | null | undefined, Stage['outcome']>([
  ['S', 'won'],
  ['F', 'lost'],
]);

function readStages(result: unknown): [string, Stage][] {
  return (asRows(result) ?? []).flatMap((row): [string, Stage][] => {
    const stage = StageRow.safeParse(row);
    if (!stage.success) return [];
    const { STATUS_ID, NAME, SEMANTICS } = stage.data;
    return [[STATUS_ID, { name: NAME, outcome: OUTCOMES.get(SEMANTICS) ?? null }]];
  });
}
