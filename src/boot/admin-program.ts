import { readFileSync } from 'node:fs';
import { runAdmin } from '../admin/run.ts';
import { readConfig, readStoreAddress } from '../config/config.ts';
import { endWith, fail, loadEnvFile, output } from './cli.ts';

/** Runs one command of `npm run admin` in this process, and ends it with the command's exit code. */
export async function runAdminProgram(argv: string[]): Promise<never> {
  try {
    loadEnvFile();
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
    const code = await runAdmin(argv, {
      ...output,
      fail,
      address: () => readStoreAddress(process.env),
      tokenKeys: () => readConfig(process.env).tokenKeys,
      version,
    });
    process.exit(code);
  } catch (error) {
    endWith(error, ({ message }) => `The command could not be carried out: ${message}. Run npm run doctor.`);
  }
}
