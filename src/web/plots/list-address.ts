/** What a list of companies can be asked for in its address. */
export interface ListQuestion {
  type?: string;
  industry?: string;
  responsible?: number;
  /** First and last day; both belong to it. */
  created_from?: string;
  created_to?: string;
  has_phone?: 'yes' | 'no';
  has_email?: 'yes' | 'no';
  /** Both bounds belong to it. */
  revenue_from?: number | null;
  revenue_to?: number | null;
}

/** How the list is asked for companies that have no value. */
const WITHOUT = '-';

/** The address of the companies that a bar counts. */
export function companiesAddress(question: ListQuestion = {}): string {
  const given = Object.entries(question).filter(([, value]) => value !== null);
  const search = new URLSearchParams(
    given.map(([name, value]): [string, string] => [name, String(value)]),
  ).toString();
  return search === '' ? '/companies' : `/companies?${search}`;
}

/**
 * How the list is asked for one value of a dictionary.
 *
 * @param id  '' for companies that have none
 * @returns  nothing for the few ids that the list would read as something else
 */
export function dictionaryParameter(id: string): string | undefined {
  if (id === '') return WITHOUT;
  return id === WITHOUT || id.includes(',') || id !== id.trim() ? undefined : id;
}
