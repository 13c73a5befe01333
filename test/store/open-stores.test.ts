import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { createLogger } from '../../src/log.ts';
import { openStores } from '../../src/store/open-stores.ts';
import { newDataDir } from '../support/start-app.ts';

it('openStores() › when the folder cannot be used › names DATA_DIR, the user, and what to do', () => {
  const file = join(newDataDir(), 'file');
  writeFileSync(file, '');
  const dataDir = join(file, 'data');
  const logger = createLogger({ level: 'silent', isPretty: false });
  const open = () => openStores({ redis: undefined, dataDir, idleMsOf: () => 1000 }, logger);

  expect(open).toThrow(`DATA_DIR ${dataDir} cannot be used by user ${process.getuid?.()}`);
  expect(open).toThrow(/Let this user write to the folder/);
});
