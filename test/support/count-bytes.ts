import { jest } from '@jest/globals';

/**
 * Counts what streams of one kind have taken in, until mocks are restored: reading that stops early is shown by what was
 * read, and not by the memory of a process that does other things as well.
 */
export function countBytesOf(prototype: { push?: (chunk: Buffer | null) => boolean }): () => number {
  let bytes = 0;
  const push = prototype.push;
  if (push === undefined) throw new Error('this is no stream');
  jest.spyOn(prototype as { push: typeof push }, 'push').mockImplementation(function (this: unknown, chunk) {
    bytes += chunk?.length ?? 0;
    return push.call(this as never, chunk);
  });
  return () => bytes;
}
