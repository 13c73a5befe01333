import { join } from 'node:path';
import type { Logger } from '../log.ts';
import { DataDirError, whyNotWritable } from './data-dir.ts';

/** Tells whether exports can be written to DATA_DIR; one line of the log when that ends, and one when it can be again. */
export function watchDataDir(dataDir: string, logger: Logger): () => boolean {
  let wasWritable = true;
  return () => {
    const why = whyNotWritable(join(dataDir, 'exports'));
    const isWritable = why === undefined;
    if (!isWritable && wasWritable)
      logger.warn(`${new DataDirError(dataDir, why).message}. Until then exports fail`);
    if (isWritable && !wasWritable) logger.warn(`DATA_DIR ${dataDir} can be written again`);
    wasWritable = isWritable;
    return isWritable;
  };
}
