import { existsSync } from 'node:fs';
import type { PortalUserId } from '../portal-user.ts';
import {
  NoStoreError,
  openExistingStore,
  openStoreToFill,
  requireFolder,
  type StoreAddress,
  storeExists,
} from '../store/existing-store.ts';
import { type Store, StoreUnavailableError } from '../store/store.ts';
import { createCipher } from '../vault/cipher.ts';
import { AdminError } from './admin-error.ts';
import { type AdminCommand, parseArguments, USAGE, UsageError } from './arguments.ts';
import { backUp, countRecords } from './backup.ts';
import { forgetPortal } from './forget.ts';
import { type Counts, countOne, describeCounts, total } from './kept-kinds.ts';
import { listSessions } from './list-sessions.ts';
import { findPortals } from './portal-addresses.ts';
import { verifyBackup } from './read-backup.ts';
import { readOnly } from './read-only.ts';
import { type Output, rekey } from './rekey.ts';
import { restore } from './restore.ts';
import { endAllSignIns, type SignedOut, signedInUsers, signOut } from './sign-out.ts';

/** What the program has from its environment. Settings are read only by the commands that need them. */
export interface AdminContext extends Output {
  /** Reports what kept the command from being carried out. */
  fail(text: string): void;
  address(): StoreAddress;
  tokenKeys(): Uint8Array[];
  /** Of this application. */
  version: string;
}

/**
 * Carries one command out.
 *
 * @returns the exit code: 0 done, 1 failed, 2 wrong arguments
 * @throws whatever is no failure that an operator can do something about
 */
export async function runAdmin(argv: string[], context: AdminContext): Promise<number> {
  let file: string | undefined;
  try {
    const command = parseArguments(argv);
    if ('file' in command) file = command.file;
    return await carryOut(command, context);
  } catch (error) {
    if (error instanceof UsageError) {
      context.fail(`${error.message}\n\n${USAGE}`);
      return 2;
    }
    const sentence = sentenceOf(error, file);
    if (sentence === undefined) throw error;
    context.fail(sentence);
    return 1;
  }
}

async function carryOut(command: AdminCommand, context: AdminContext): Promise<number> {
  switch (command.name) {
    case 'verify': {
      const { at, by, kinds } = await verifyBackup(command.file);
      context.print(`${command.file} is whole: ${describeCounts(kinds)}, copied ${at} by version ${by}`);
      return 0;
    }
    case 'restore':
      return runRestore(command, context);
    default: {
      const opened = await openExistingStore(context.address());
      // Commands that only look cannot write, whatever they are made of.
      const isLooking = command.isDryRun || command.name === 'sessions' || command.name === 'backup';
      try {
        return await onStore(command, isLooking ? readOnly(opened) : opened, context);
      } finally {
        await opened.close();
      }
    }
  }
}

async function onStore(
  command: Exclude<AdminCommand, { name: 'restore' }>,
  store: Store,
  context: AdminContext,
): Promise<number> {
  switch (command.name) {
    case 'sessions':
      for (const line of await listSessions(store)) context.print(line);
      return 0;
    case 'rekey':
      return rekey({ store, cipher: createCipher(context.tokenKeys()) }, context, command);
    case 'sign-out':
      context.print(describeSignedOut(await runSignOut(command, store), command));
      return 0;
    case 'forget':
      return runForget(command, store, context);
    default:
      return runBackup(command, store, context);
  }
}

async function runBackup(
  { file, isDryRun }: { file: string; isDryRun: boolean },
  store: Store,
  { print, version }: AdminContext,
): Promise<number> {
  if (isDryRun) {
    if (existsSync(file)) throw new AdminError(thereAlready(file));
    print(
      `Dry run, nothing was written: ${describeCounts(await countRecords(store))} would be copied to ${file}`,
    );
    return 0;
  }
  const { kinds } = await backUp(store, file, version);
  print(`${describeCounts(kinds)} copied to ${file}`);
  return 0;
}

async function runRestore(
  command: Extract<AdminCommand, { name: 'restore' }>,
  context: AdminContext,
): Promise<number> {
  // Before the store is made, so that a damaged copy leaves nothing behind.
  await verifyBackup(command.file);
  const opened = await openToRestore(context.address(), command);
  try {
    const { header, written, kept, lapsed, signedOut } = await restore(
      opened && command.isDryRun ? readOnly(opened) : opened,
      command.file,
      command,
    );
    context.print(
      `${dryRun(command)}${describeCounts(written)} of the copy of ${header.at} ${command.isDryRun ? 'would be ' : ''}restored; ${total(kept)} left as the store has them, because those are newer; ${lapsed} too old`,
    );
    context.print(describeSignedOut(signedOut, command));
    return 0;
  } finally {
    await opened?.close();
  }
}

/** @returns undefined for a dry run where there is no store yet */
async function openToRestore(
  address: StoreAddress,
  { isDryRun }: { isDryRun: boolean },
): Promise<Store | undefined> {
  if (!isDryRun) return openStoreToFill(address);
  if (storeExists(address)) return openExistingStore(address);
  requireFolder(address.dataDir);
  return undefined;
}

async function runSignOut(
  { who, isDryRun }: Extract<AdminCommand, { name: 'sign-out' }>,
  store: Store,
): Promise<SignedOut> {
  if (who === 'all') return endAllSignIns(store, { isDryRun });
  const sum: SignedOut = { people: 0, browsers: 0, sessions: 0 };
  for (const memberId of await findPortals(store, who.portal)) {
    const each = await signOut(store, usersOf(store, memberId, who.userId), { isDryRun });
    sum.people += each.people;
    sum.browsers += each.browsers;
  }
  // A mistyped number must not look like a lost phone that is dealt with.
  if (who.userId !== undefined && sum.browsers === 0) {
    throw new AdminError(
      `User ${who.userId} of ${who.portal} is not signed in with any browser: \`sessions\` lists who is`,
    );
  }
  return sum;
}

async function* usersOf(store: Store, memberId: string, userId?: number): AsyncGenerator<PortalUserId> {
  for await (const user of signedInUsers(store, memberId)) {
    if (userId === undefined || user.userId === userId) yield user;
  }
}

async function runForget(
  { portal, isDryRun }: Extract<AdminCommand, { name: 'forget' }>,
  store: Store,
  { address, print }: AdminContext,
): Promise<number> {
  const gone: Counts = {};
  for (const memberId of await findPortals(store, portal)) {
    const counts = await forgetPortal({ store, dataDir: address().dataDir }, memberId, { isDryRun });
    for (const [kind, count] of Object.entries(counts)) countOne(gone, kind, count);
  }
  print(`${dryRun({ isDryRun })}${describeCounts(gone)} of ${portal} ${isDryRun ? 'would be ' : ''}removed`);
  return 0;
}

function describeSignedOut(
  { people, browsers, sessions }: SignedOut,
  { isDryRun }: { isDryRun: boolean },
): string {
  const would = isDryRun ? 'would be ' : '';
  const removed = sessions > 0 ? `; sessions ${would}removed: ${sessions}` : '';
  return `${dryRun({ isDryRun })}${would}signed out: people: ${people}, browsers: ${browsers}${removed}`;
}

function dryRun({ isDryRun }: { isDryRun: boolean }): string {
  return isDryRun ? 'Dry run, nothing was changed: ' : '';
}

function thereAlready(file: string): string {
  return `${file} is there already, and is not overwritten: name another file`;
}

const FILE_PROBLEMS: Record<string, (file: string) => string> = {
  ENOENT: (file) => `${file} cannot be found: correct the name, or make the folder first`,
  EEXIST: thereAlready,
  EISDIR: (file) => `${file} is a folder: name a file in it`,
  ENOTDIR: (file) => `${file} lies below something that is no folder: correct the name`,
  EACCES: (file) =>
    `${file} may not be read or written by this user: name another file, or run this as the user of the application`,
  EPERM: (file) =>
    `${file} may not be read or written by this user: name another file, or run this as the user of the application`,
  EROFS: (file) => `${file} is on a disk that takes no writes: name a file elsewhere`,
  ENOSPC: () => 'The disk is full: make room, and run this again',
};

/** @returns undefined for what is a mistake of ours */
function sentenceOf(error: unknown, file: string | undefined): string | undefined {
  if (error instanceof AdminError || error instanceof NoStoreError) return error.message;
  if (error instanceof StoreUnavailableError) {
    return `The store went away or takes no writes (${error.why}): npm run doctor says why. Run this again then, it may be repeated`;
  }
  const { code = '', path = file } = error as NodeJS.ErrnoException;
  return path === undefined ? undefined : FILE_PROBLEMS[code]?.(path);
}
