import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { SECRET_MARK } from '../../emulator/index.ts';
import { OUTPUT } from './output.ts';

/**
 * The canary scan: every token, code and client secret of a test run holds one mark, and none of them may be readable in
 * anything the run has left behind: logs, pages and headers of ours, embedded stores, Redis' append-only file.
 *
 * Runs after the tests; files given as arguments are scanned as well.
 */
const files = [...process.argv.slice(2), ...filesBelow(OUTPUT)];
const bytes = files.reduce((sum, file) => sum + statSync(file).size, 0);
const leaking = files.filter((file) => readFileSync(file).includes(SECRET_MARK));

for (const file of leaking) console.error(`A secret is readable in ${file}`);
console.log(
  `Canary scan: ${files.length} files, ${Math.round(bytes / 1024)} KiB, ${leaking.length} with a secret in them.`,
);
// An empty scan proves nothing.
const kinds = ['app-', 'answers-', 'server-', 'store.mdb', 'appendonly'];
const missing = kinds.filter((kind) => !files.some((file) => file.includes(kind)));
if (missing.length > 0) console.error(`Nothing was scanned of: ${missing.join(', ')}. Run all tests first.`);
process.exit(leaking.length > 0 || missing.length > 0 ? 1 : 0);

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? filesBelow(join(folder, entry.name)) : [join(folder, entry.name)],
  );
}
