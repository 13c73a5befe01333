import { openSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** Everything a test run leaves behind, and what the canary scan reads: logs, stores, screenshots. */
export const OUTPUT = join(import.meta.dirname, '../../.test-output');

const opened = new Map<string, number>();

/** Adds to a file of the run. It stays open, because every line of every log and every page comes through here. */
export function addToOutput(name: string, text: string): void {
  const file = opened.get(name) ?? openSync(join(OUTPUT, name), 'a');
  opened.set(name, file);
  writeSync(file, text);
}
