import { idleTime } from './auth/session.ts';
import { endWith, loadEnvFile } from './boot/cli.ts';
import { readConfig } from './config/config.ts';
import { createLogger } from './log.ts';
import { openStores } from './store/open-stores.ts';
import { createCipher } from './vault/cipher.ts';
import { resealAll } from './vault/rekey.ts';
import { createTokenVault } from './vault/token-vault.ts';

/**
 * `npm run rekey`: seals every token record with the first of TOKEN_KEYS, while the application serves. May be stopped and
 * run again at any time; ends with 1 when a record could not be opened.
 */
try {
  loadEnvFile();
  const config = readConfig(process.env);
  const { store } = openStores(
    { redis: config.redis, dataDir: config.dataDir, idleMsOf: idleTime(config.sessionHours) },
    createLogger({ level: 'silent', isPretty: false }),
  );
  const vault = createTokenVault({ store, cipher: createCipher(config.tokenKeys) });
  const isTerminal = process.stderr.isTTY === true;
  const count = await resealAll({ store, vault }, (soFar) => {
    process.stderr.write(`${isTerminal ? '\r' : ''}${soFar.records} records so far${isTerminal ? '' : '\n'}`);
  });
  await store.close();
  const { records, resealed, unreadable } = count;
  process.stdout.write(
    `${isTerminal ? '\n' : ''}${records} token records: ${resealed} sealed with the newest key, ${records - resealed - unreadable} were already, ${unreadable} could not be opened\n`,
  );
  if (unreadable > 0) {
    process.stdout.write(
      'Those are sealed with a key that is not in TOKEN_KEYS, or damaged. Put the missing key back, or let these people sign in again; npm run doctor lists them.\n',
    );
  }
  process.exit(unreadable > 0 ? 1 : 0);
} catch (error) {
  endWith(error, ({ message }) => `The records could not be rewritten: ${message}. Run it again.`);
}
