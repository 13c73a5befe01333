import { accessSync, constants } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** DATA_DIR cannot be used. The message is a whole sentence for the operator: the setting, the path, the user, what to do. */
export class DataDirError extends Error {
  /** The message without what to do. */
  readonly what: string;

  constructor(dataDir: string, why: string) {
    const what = `DATA_DIR ${resolve(dataDir)} cannot be used by ${nameOfUser()}: ${why}`;
    super(`${what}. ${dataDirRemedy()}`);
    this.name = 'DataDirError';
    this.what = what;
  }
}

/** What an operator can do about it. */
export function dataDirRemedy(): string {
  return `Let ${nameOfUser()} write to DATA_DIR and what is in it (a mounted one: chown 1000:0 and chmod 770, or another owner of the volume), or name another folder in DATA_DIR; see that the disk is neither full nor mounted read-only`;
}

function nameOfUser(): string {
  const [uid, gid] = [process.getuid?.(), process.getgid?.()];
  return uid === undefined ? 'the user of this process' : `user ${uid} (group ${gid})`;
}

/**
 * Why nothing can be written below a folder, as the system names it; undefined where it can be. Writes nothing: a folder that one
 * user made would be closed to another.
 */
export function whyNotWritable(folder: string): string | undefined {
  let path = resolve(folder);
  for (;;) {
    try {
      accessSync(path, constants.W_OK | constants.X_OK);
      return undefined;
    } catch (error) {
      const { code = 'unknown failure' } = error as NodeJS.ErrnoException;
      // What is not there yet is made by the process, if the folder above lets it.
      if (code !== 'ENOENT' || dirname(path) === path) return code;
      path = dirname(path);
    }
  }
}
