import { rekey } from './admin/rekey.ts';
import { endWith, loadEnvFile, output } from './boot/cli.ts';
import { readConfig, readStoreAddress } from './config/config.ts';
import { openExistingStore } from './store/existing-store.ts';
import { createCipher } from './vault/cipher.ts';

/**
 * `npm run rekey`: seals every token record with the first of TOKEN_KEYS. The same as `npm run admin -- rekey`, under the name
 * that deployments know.
 */
try {
  loadEnvFile();
  const store = await openExistingStore(readStoreAddress(process.env));
  const cipher = createCipher(readConfig(process.env).tokenKeys);
  const code = await rekey({ store, cipher }, output, { isDryRun: false });
  await store.close();
  process.exit(code);
} catch (error) {
  endWith(error, ({ message }) => `The records could not be rewritten: ${message}. Run it again.`);
}
