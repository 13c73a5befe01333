import type { EmulatorContext } from '../emulator-context.ts';
import type { Client } from '../grants/clients.ts';
import type { Portal, PortalUser } from '../portal/portal.ts';
import { findParam, type PhpArray, type PhpValue } from '../wire/php-params.ts';

/** Who calls: the token, looked up and found good. */
export interface Caller {
  context: EmulatorContext;
  portal: Portal;
  client: Client;
  user: PortalUser;
  /** Granted to the application on this portal. */
  scope: string[];
  accessTokenExpiresAtMs: number;
}

/** A call as a method sees it. */
export interface RestCall extends Caller {
  params: PhpArray;
  /** By name, in whatever letter case it came. */
  param(name: string): PhpValue | undefined;
}

export interface Outcome {
  result: unknown;
  /** Only list methods have these two (section 4). */
  total?: number;
  next?: number;
  /** How long the portal was busy with it beyond what it really took; not told. */
  busyMs?: number;
}

export interface RestMethod {
  /** One of these must be granted; none for the basic methods. */
  scopes: readonly string[];
  run(call: RestCall): Outcome;
}

export type RestMethods = Readonly<Record<string, RestMethod>>;

export function toCall(caller: Caller, params: PhpArray): RestCall {
  return { ...caller, params, param: (name) => findParam(params, name) };
}

/** The `start` of a list call: absent or unreadable is the first page (section 6.1). */
export function readStart(call: RestCall): number {
  const start = call.param('start');
  return typeof start === 'string' || typeof start === 'number' ? Math.trunc(Number(start)) || 0 : 0;
}
