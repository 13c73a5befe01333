import { randomBytes } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { DataDirError } from '../store/data-dir.ts';

const Secrets = z.object({ sessionSecret: z.string().min(32), tokenKey: z.string().refine(is32Bytes) });

function is32Bytes(base64: string): boolean {
  return Buffer.from(base64, 'base64').length === 32;
}

export interface DevelopmentSecrets extends z.infer<typeof Secrets> {
  /** The file that holds them. */
  path: string;
  /** Whether this call made them. */
  isNew: boolean;
}

/**
 * Reads the secrets of a development machine, making them on first use, so that tokens and sessions survive restarts.
 *
 * @throws {Error} the file exists and cannot be understood; overwriting it would lose every stored token
 */
export function loadDevelopmentSecrets(dataDir: string): DevelopmentSecrets {
  const path = join(dataDir, 'secrets.json');
  const isNew = !existsSync(path) && makeSecrets(dataDir, path);
  return { ...parseSecrets(path), path, isNew };
}

/**
 * Writes a file of its own and links it into place: of several processes that start together one wins, and the others read
 * its file, never half of it.
 *
 * @returns whether this process won
 */
function makeSecrets(dataDir: string, path: string): boolean {
  const fresh = {
    sessionSecret: randomBytes(32).toString('hex'),
    tokenKey: randomBytes(32).toString('base64'),
  };
  const whole = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    writeFileSync(whole, JSON.stringify(fresh, null, 2), { flag: 'wx', mode: 0o600, flush: true });
    linkSync(whole, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST')
      throw new DataDirError(dataDir, (error as Error).message);
    return false;
  } finally {
    removeQuietly(whole);
  }
}

function parseSecrets(path: string): z.infer<typeof Secrets> {
  try {
    return Secrets.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    throw new Error(
      `${path} cannot be read as the secrets of development; restore it, or delete it, which signs everyone out`,
    );
  }
}

/** The failure that matters is the one that came before. */
function removeQuietly(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // Below something that is no folder there is nothing to remove.
  }
}
