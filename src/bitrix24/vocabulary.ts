import { z } from 'zod';
import { type Dictionary, type FieldDescription, readDescriptions } from './company-field.ts';
import type { Command, CommandAnswer, Commands } from './rest-client.ts';

/** The dictionaries that fields of companies refer to (protocol 7.5), by their `ENTITY_ID`. */
const DICTIONARIES = { types: 'COMPANY_TYPE', industries: 'INDUSTRY', employees: 'EMPLOYEES' } as const;
export type DictionaryName = keyof typeof DICTIONARIES;

const StatusRow = z.object({ STATUS_ID: z.string(), NAME: z.string() });

/**
 * The words of a portal: names in its dictionaries, and what its fields are called. They change seldom, so whoever reads
 * companies asks along for what is not known yet, in the same request.
 */
export class Vocabulary {
  readonly #dictionaries = new Map<string, Dictionary>();
  #descriptions: Map<string, FieldDescription> | undefined;

  /** Commands that ask for those of `names` that are not known. */
  missing(names: DictionaryName[]): Commands<string> {
    const unknown = names.filter((name) => !this.#dictionaries.has(DICTIONARIES[name]));
    return Object.fromEntries(unknown.map((name) => [name, askForDictionary(DICTIONARIES[name])]));
  }

  /** As `missing`, for the descriptions of fields. */
  missingDescriptions(): Commands<string> {
    return this.#descriptions ? {} : { fields: { method: 'crm.company.fields' } };
  }

  /** Takes in the answers to those commands. What was refused is asked for again next time. */
  learn(answers: Record<string, CommandAnswer>): void {
    for (const [name, entityId] of Object.entries(DICTIONARIES)) {
      const answer = answers[name];
      if (answer && !('error' in answer)) this.#dictionaries.set(entityId, readDictionary(answer.result));
    }
    const { fields } = answers;
    if (fields && !('error' in fields)) this.#descriptions = readDescriptions(fields.result);
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
