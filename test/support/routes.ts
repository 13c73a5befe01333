import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One line of src/app.ts: what answers which address. */
export interface Route {
  method: 'GET' | 'POST';
  /** As Express has it: `/companies/:id`. */
  path: string;
}

const APP = join(import.meta.dirname, '../../src/app.ts');

/** Every route of the application, read where they are written, so that a new one is tested without anybody thinking of it. */
export const ROUTES: Route[] = [...readFileSync(APP, 'utf8').matchAll(/app\.(get|post)\('([^']+)'/g)].map(
  ([, method = '', path = '']) => ({ method: method === 'get' ? 'GET' : 'POST', path }),
);

/** An address that the route answers. */
export function addressOf({ path }: Route, id = '1'): string {
  return path.replace(':id', id);
}
