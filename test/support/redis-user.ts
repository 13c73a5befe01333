import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Redis } from 'ioredis';

/** The user that the README tells operators to make: what it is not allowed, the application must not need. */
export const README_USER = lineOfReadme();

/** Makes that user, as an operator would. Its password is PASSWORD. */
export async function addReadmeUser(redis: Redis): Promise<void> {
  await redis.call('ACL', ...README_USER.split(' ').slice(1));
}

function lineOfReadme(): string {
  const readme = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8');
  const line = /^ACL SETUSER companies .*>PASSWORD .*$/m.exec(readme)?.[0];
  if (line === undefined) throw new Error('the README does not tell any more which user to make');
  return line;
}
