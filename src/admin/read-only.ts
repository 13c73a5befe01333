import type { Store } from '../store/store.ts';

/**
 * The store for commands that only look, dry runs among them: whatever they are made of, nothing is written. A record that
 * cannot be read stays where it is, for the application to set aside.
 */
export function readOnly(store: Store): Store {
  const refuse = (): Promise<never> =>
    Promise.reject(new Error('a command that only looks has tried to write'));
  return {
    ...store,
    set: refuse,
    replaceIfUnchanged: refuse,
    count: refuse,
    prolong: refuse,
    forget: refuse,
    ping: refuse,
    async quarantine() {},
  };
}
