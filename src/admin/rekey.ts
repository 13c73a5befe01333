import type { Store } from '../store/store.ts';
import type { Cipher } from '../vault/cipher.ts';
import { countSeals, type Rekeying, resealAll } from '../vault/rekey.ts';
import { createTokenVault } from '../vault/token-vault.ts';

/** Where a program writes to. */
export interface Output {
  /** What the command found or did. */
  print(line: string): void;
  /** How far it is. */
  progress(line: string): void;
}

/**
 * Seals every token record with the first of TOKEN_KEYS, while the application serves. May be stopped and run again at any
 * time.
 *
 * @returns the exit code: 1 when a record could not be opened
 */
export async function rekey(
  { store, cipher }: { store: Store; cipher: Cipher },
  output: Output,
  { isDryRun }: { isDryRun: boolean },
): Promise<number> {
  const report = ({ records }: Rekeying) => output.progress(`${records} records so far`);
  const { records, resealed, unreadable } = isDryRun
    ? await countSeals({ store, cipher })
    : await resealAll({ store, vault: createTokenVault({ store, cipher }) }, report);
  output.print(
    `${records} token records: ${resealed} ${isDryRun ? 'would be ' : ''}sealed with the newest key, ${records - resealed - unreadable} were already, ${unreadable} could not be opened`,
  );
  if (unreadable === 0) return 0;
  output.print(
    'Those are sealed with a key that is not in TOKEN_KEYS, or damaged. Put the missing key back, or let these people sign in again; npm run doctor lists them.',
  );
  return 1;
}
