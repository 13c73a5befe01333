import { readFileSync } from 'node:fs';
import { runAdmin } from './admin/run.ts';
import { endWith, loadEnvFile, output } from './boot/cli.ts';
import { readConfig, readStoreAddress } from './config/config.ts';

/** `npm run admin -- <command>`: what operators do to the store, the same on every kind of store; see admin/arguments.ts. */
try {
  loadEnvFile();
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  const code = await runAdmin(process.argv.slice(2), {
    ...output,
    fail: (text) => process.stderr.write(`${text}\n`),
    address: () => readStoreAddress(process.env),
    tokenKeys: () => readConfig(process.env).tokenKeys,
    version,
  });
  process.exit(code);
} catch (error) {
  endWith(error, ({ message }) => `The command could not be carried out: ${message}. Run npm run doctor.`);
}
