import { parseArgs } from 'node:util';

/** What the operator asked for. */
export type AdminCommand =
  | { name: 'backup' | 'verify'; file: string; isDryRun: boolean }
  | { name: 'restore'; file: string; mayReplace: boolean; isDryRun: boolean }
  | { name: 'sign-out'; who: 'all' | { portal: string; userId?: number }; isDryRun: boolean }
  | { name: 'forget'; portal: string; isDryRun: boolean }
  | { name: 'sessions' | 'rekey'; isDryRun: boolean };

/** The arguments name no command. The message says which of them is wrong. */
export class UsageError extends Error {
  override name = 'UsageError';
}

export const USAGE = `Usage: npm run admin -- <command>        in a container: node dist/admin.js <command>

  backup FILE                      copy tokens (sealed) and saved views into a new file, while the application serves
  verify FILE                      see whether a copy is whole
  restore FILE [--replace]         put a copy into an empty store, or with --replace into any; everybody signs in again
  sessions                         who is signed in, with which browsers
  sign-out --user ID --portal HOST sign one person out of all browsers
  sign-out --portal HOST           … everybody of a portal
  sign-out --all                   … everybody
  forget --portal HOST             remove all that is stored about a portal's users
  rekey                            seal all tokens with the first of TOKEN_KEYS

  --dry-run                        with backup, restore, sign-out, forget, rekey: count, and change nothing

The store is that of REDIS_URL, or else of DATA_DIR. Exit codes: 0 done, 1 failed, 2 wrong arguments.
`;

const OPTIONS = {
  'dry-run': { type: 'boolean' },
  replace: { type: 'boolean' },
  user: { type: 'string' },
  portal: { type: 'string' },
  all: { type: 'boolean' },
} as const;

type Option = keyof typeof OPTIONS;
type Values = { [Name in Option]?: (typeof OPTIONS)[Name]['type'] extends 'string' ? string : boolean };

/** The options that each command takes, and whether it takes a file. */
const COMMANDS: Record<AdminCommand['name'], { takesFile: boolean; options: Option[] }> = {
  backup: { takesFile: true, options: ['dry-run'] },
  verify: { takesFile: true, options: [] },
  restore: { takesFile: true, options: ['dry-run', 'replace'] },
  sessions: { takesFile: false, options: [] },
  'sign-out': { takesFile: false, options: ['dry-run', 'user', 'portal', 'all'] },
  forget: { takesFile: false, options: ['dry-run', 'portal'] },
  rekey: { takesFile: false, options: ['dry-run'] },
};

/** @throws {UsageError} */
export function parseArguments(argv: string[]): AdminCommand {
  const { name, files, values } = read(argv);
  const { takesFile, options } = COMMANDS[name];
  const foreign = (Object.keys(values) as Option[]).find((option) => !options.includes(option));
  if (foreign !== undefined) throw new UsageError(`${name} takes no --${foreign}`);
  if (files.length !== (takesFile ? 1 : 0) || files[0] === '') {
    throw new UsageError(takesFile ? `${name} takes the name of one file` : `${name} takes no file`);
  }
  const [file = ''] = files;
  const isDryRun = values['dry-run'] === true;
  switch (name) {
    case 'backup':
    case 'verify':
      return { name, file, isDryRun };
    case 'restore':
      return { name, file, mayReplace: values.replace === true, isDryRun };
    case 'sign-out':
      return { name, who: parseWho(values), isDryRun };
    case 'forget':
      if (!values.portal) throw new UsageError('forget needs --portal HOST');
      return { name, portal: values.portal, isDryRun };
    default:
      return { name, isDryRun };
  }
}

function read(argv: string[]): { name: AdminCommand['name']; files: string[]; values: Values } {
  const { tokens, positionals, values } = parse(argv);
  const given = tokens.flatMap((token) => (token.kind === 'option' ? [token.name] : []));
  const twice = given.find((option, index) => given.indexOf(option) < index);
  // The last one would win without a word: `--user 7 --user 8`.
  if (twice !== undefined) throw new UsageError(`--${twice} is given twice`);
  const [name, ...files] = positionals;
  if (name === undefined) throw new UsageError('no command is given');
  if (!isCommand(name)) throw new UsageError(`there is no command ${name}`);
  return { name, files, values };
}

function parse(argv: string[]) {
  try {
    return parseArgs({ args: argv, options: OPTIONS, allowPositionals: true, tokens: true });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function isCommand(name: string): name is AdminCommand['name'] {
  return Object.hasOwn(COMMANDS, name);
}

function parseWho({ all, portal, user }: Values): 'all' | { portal: string; userId?: number } {
  if (all === true) {
    if (portal !== undefined || user !== undefined) throw new UsageError('--all goes alone');
    return 'all';
  }
  if (!portal) throw new UsageError('sign-out needs --portal HOST, with or without --user ID, or --all');
  if (user === undefined) return { portal };
  if (!/^[1-9]\d{0,14}$/.test(user))
    throw new UsageError('--user is the number of a person at the portal, such as 7');
  return { portal, userId: Number(user) };
}
