import type { Redis } from 'ioredis';

/** Every key and value of a Redis as text. */
export async function dumpRedis(redis: Redis): Promise<string> {
  const lines: string[] = [];
  for (const key of await redis.keys('*')) {
    const value = (await redis.type(key)) === 'string' ? await redis.get(key) : '(not a string)';
    lines.push(`${key} ${value}`);
  }
  return lines.join('\n');
}
