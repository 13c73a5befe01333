import type { PhpValue } from '../wire/php-params.ts';

/**
 * Settings that an application keeps on a portal, one set per key. They survive a removal of the application: only a
 * removal with "delete data" wipes them, and the emulator does not offer that.
 */
export class StoredOptions {
  readonly #sets = new Map<string, Map<string, PhpValue>>();

  /** All settings of one set, in the order in which they were first written. */
  entries(key: string): [string, PhpValue][] {
    return [...(this.#sets.get(key) ?? [])];
  }

  /** null for a setting that was never written. */
  get(key: string, name: string): PhpValue {
    return this.#sets.get(key)?.get(name) ?? null;
  }

  put(key: string, changes: [string, PhpValue][]): void {
    const set = this.#sets.get(key) ?? new Map<string, PhpValue>();
    for (const [name, value] of changes) set.set(name, value);
    this.#sets.set(key, set);
  }
}
