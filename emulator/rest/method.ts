import type { EmulatorContext } from '../emulator-context.ts';
import type { Client } from '../grants/clients.ts';
import type { Portal, PortalUser } from '../portal/portal.ts';
import { findParam, type PhpArray, type PhpValue } from '../wire/php-params.ts';

/** The caller, after its token passed all checks. */
export interface Caller {
  context: EmulatorContext;
  portal: Portal;
  client: Client;
  user: PortalUser;
  /** Scope granted to the application on this portal. */
  scope: string[];
  /** As received; addresses of files contain it. */
  accessToken: string;
  accessTokenExpiresAtMs: number;
}

/** A REST call, the input of a method. */
export interface RestCall extends Caller {
  params: PhpArray;
  /** A parameter by name; letter case does not matter. */
  param(name: string): PhpValue | undefined;
}

export interface Outcome {
  result: unknown;
  /** Only list methods return `total` and `next` (section 4). */
  total?: number;
  next?: number;
  /** Milliseconds that the simulated portal works on this call, in addition to the real time; not in the body. */
  busyMs?: number;
}

export interface RestMethod {
  /** One of these scopes must be granted; empty for basic methods. */
  scopes: readonly string[];
  run(call: RestCall): Outcome;
}

export type RestMethods = Readonly<Record<string, RestMethod>>;

/** The list methods of the CRM take these with `ar` in front too, as old clients write them (company-data 0.1). */
const WITH_OLD_NAMES = ['filter', 'order', 'select'];

export function toCall(caller: Caller, params: PhpArray): RestCall {
  const oldName = (name: string) =>
    WITH_OLD_NAMES.includes(name) ? findParam(params, `ar${name}`) : undefined;
  return { ...caller, params, param: (name) => findParam(params, name) ?? oldName(name) };
}

/** `start` of a list call; 0 if absent or not a number (section 6.1). */
export function readStart(call: RestCall): number {
  const start = call.param('start');
  return typeof start === 'string' || typeof start === 'number' ? Math.trunc(Number(start)) || 0 : 0;
}
