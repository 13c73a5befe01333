import { describe, expect, it } from '@jest/globals';
import { parseArguments, UsageError } from '../../src/admin/arguments.ts';

describe('the arguments of npm run admin', () => {
  it.each([
    [['backup', 'a file'], { name: 'backup', file: 'a file', isDryRun: false }],
    [['backup', '--dry-run', 'a'], { name: 'backup', file: 'a', isDryRun: true }],
    [['verify', 'a'], { name: 'verify', file: 'a', isDryRun: false }],
    [['restore', 'a'], { name: 'restore', file: 'a', mayReplace: false, isDryRun: false }],
    [['restore', 'a', '--replace'], { name: 'restore', file: 'a', mayReplace: true, isDryRun: false }],
    [['sign-out', '--all'], { name: 'sign-out', who: 'all', isDryRun: false }],
    [
      ['sign-out', '--portal', 'a.example'],
      { name: 'sign-out', who: { portal: 'a.example' }, isDryRun: false },
    ],
    [
      ['sign-out', '--user', '7', '--portal=a.example', '--dry-run'],
      { name: 'sign-out', who: { portal: 'a.example', userId: 7 }, isDryRun: true },
    ],
    [['forget', '--portal', 'a.example'], { name: 'forget', portal: 'a.example', isDryRun: false }],
    [['sessions'], { name: 'sessions', isDryRun: false }],
    [['rekey', '--dry-run'], { name: 'rekey', isDryRun: true }],
  ])('%j name a command', (argv, command) => {
    expect(parseArguments(argv)).toEqual(command);
  });

  it.each([
    [[], 'no command'],
    [['backups'], 'no command backups'],
    [['toString'], 'no command toString'],
    [['backup'], 'one file'],
    [['backup', ''], 'one file'],
    [['backup', 'a', 'b'], 'one file'],
    [['backup', 'a', '--replace'], '--replace'],
    [['verify', 'a', '--dry-run'], '--dry-run'],
    [['restore', 'a', '--force'], '--force'],
    [['sign-out'], '--all'],
    [['sign-out', '--user', '7'], '--portal'],
    [['sign-out', '--portal', ''], '--portal'],
    [['sign-out', '--all', '--portal', 'a.example'], '--all goes alone'],
    [['sign-out', '--all', '--user', '7'], '--all goes alone'],
    [['sign-out', '--portal', 'a.example', '--user', 'max'], '--user'],
    [['sign-out', '--portal', 'a.example', '--user', '0'], '--user'],
    [['sign-out', '--portal', 'a.example', '--user', '7', '--user', '8'], 'twice'],
    [['sign-out', '--all', 'somebody'], 'no file'],
    [['forget'], '--portal'],
    [['forget', '--all'], '--all'],
    [['sessions', '--dry-run'], '--dry-run'],
    [['sessions', 'a'], 'no file'],
  ])('%j are refused, and the mistake is named', (argv, mistake) => {
    expect(() => parseArguments(argv)).toThrow(UsageError);
    expect(() => parseArguments(argv)).toThrow(mistake);
  });
});
