import { readFileSync } from 'node:fs';

/** Larger than any secret: a file of this size is another one than was meant. */
const MOST_BYTES = 64 * 1024;

/**
 * The text of a setting as it was meant: from its variable, or from the file that `<KEY>_FILE` names (secrets of Docker and
 * Kubernetes). Trimmed; a blank variable is how compose files and CI say "not set".
 *
 * @throws {Error}  in words that name the likely reason and never the value
 */
export function readSettingText(
  env: NodeJS.ProcessEnv,
  key: string,
  {
    mayBeFile = false,
    inEitherCase = false,
  }: { mayBeFile?: boolean | undefined; inEitherCase?: boolean | undefined } = {},
): string | undefined {
  const small = inEitherCase ? trimmed(env[key.toLowerCase()]) : undefined;
  const direct = small ?? trimmed(env[key]);
  const path = mayBeFile ? trimmed(env[`${key}_FILE`]) : undefined;
  if (path === undefined) return direct && plainText(direct);
  if (direct !== undefined) throw new Error(`is set, and so is ${key}_FILE: leave one of them out`);
  const held = trimmed(readSettingFile(key, path));
  if (held === undefined) throw new Error(`cannot be read: the file that ${key}_FILE names is empty`);
  return plainText(held);
}

function readSettingFile(key: string, path: string): string {
  try {
    const bytes = readFileSync(path);
    if (bytes.length > MOST_BYTES) throw new Error('it is larger than any secret');
    return bytes.toString('utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = code === undefined ? message : (REASONS[code] ?? code);
    throw new Error(`cannot be read from ${path}, which ${key}_FILE names: ${reason}`);
  }
}

const REASONS: Record<string, string> = {
  ENOENT: 'there is no such file',
  EACCES: 'this user may not read it',
  EISDIR: 'it is a folder',
};

function trimmed(text: string | undefined): string | undefined {
  // `trim` takes a byte order mark away as well, so that one alone counts as nothing.
  return text === undefined || text.trim() === '' ? undefined : text.replace(/^[^\S\ufeff]+|\s+$/g, '');
}

/** What shells take away and other programs hand on: the value would be refused or, worse, taken as it is. */
function plainText(text: string): string {
  if (text.startsWith('\ufeff')) {
    throw new Error('begins with a byte order mark: save the file as UTF-8 without one');
  }
  if (/^(["'`“”„«]).*["'`“”»]$/s.test(text)) {
    throw new Error(
      'is in quotes; Docker’s --env-file and Kubernetes hand them on as part of the value, so leave them out',
    );
  }
  if (/[\r\n]/.test(text)) throw new Error('has a line end in it: it must be one line');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  if (/[\u0000-\u001f\u007f\u200b-\u200f\u2028-\u202f\u2060\ufeff]/.test(text)) {
    throw new Error('has characters in it that cannot be seen: type it again instead of copying it');
  }
  return text;
}
