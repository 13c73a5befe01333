/** As all methods of Bitrix24 are named: `profile`, `crm.company.list`, `tasks.task.getFields`. */
const METHOD_NAME = /^[a-z][a-z0-9_.]*$/i;

/** Last parts of the names of methods that only read; of `crm.duplicate.findbycomm` and a few others, the whole name. */
const READS =
  /(^|\.)(list|get|fields|getfields|count|current|search|findbycomm|info|time|profile|scope|methods|events)$/i;

/** Whether a repeated call does no harm. A method that is not known to read counts as one that writes. */
export function onlyReads(method: string): boolean {
  return READS.test(method);
}

/**
 * A method's name becomes the last part of an address, or the beginning of a command in a batch: one with a slash or a
 * question mark would lead elsewhere.
 *
 * @throws {Error} a mistake in the code that calls
 */
export function checkMethodName(method: string): string {
  if (!METHOD_NAME.test(method)) throw new Error(`not the name of a REST method: ${JSON.stringify(method)}`);
  return method;
}
