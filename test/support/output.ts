import { join } from 'node:path';

/** Everything a test run leaves behind, and what the canary scan reads: logs, stores, screenshots. */
export const OUTPUT = join(import.meta.dirname, '../../.test-output');
