import { afterEach } from '@jest/globals';

import { aPortal, aPortalUser } from '../../emulator/builders.ts';
import {
  DEMO_CLIENT,
  type EmulatedPortal,
  type Emulator,
  type EmulatorOptions,
  type IssuedTokenSet,
  startEmulator,
} from '../../emulator/index.ts';

export {
  aCompany,
  aContact,
  aDeal,
  aMultifield,
  aPortal,
  aPortalUser,
} from '../../emulator/builders.ts';
export { DEMO_CLIENT } from '../../emulator/index.ts';

const running: Emulator[] = [];

/** Emulators that the current test started; they are stopped after it. */
afterEach(async () => {
  await Promise.all(running.splice(0).map((emulator) => emulator.stop()));
});

export interface Stage {
  emulator: Emulator;
  portal: EmulatedPortal;
}

/** Starts an emulator with one new portal, unless the options give others. */
export async function start(options: EmulatorOptions = {}): Promise<Stage> {
  const emulator = await startEmulator({ portals: [aPortal()], ...options });
  running.push(emulator);
  return { emulator, portal: emulator.portals[0] as EmulatedPortal };
}

export interface JsonAnswer {
  status: number;
  headers: Headers;
  text: string;
  body: JsonBody;
}

/** Fields that tests read; they compare all other fields as a whole. */
export interface JsonBody {
  [field: string]: unknown;
  error?: string;
  access_token: string;
  refresh_token: string;
}

export type JsonRow = Record<string, unknown>;

/** The rows of a list method's answer. */
export function rowsOf({ body }: JsonAnswer): JsonRow[] {
  return body.result as JsonRow[];
}

export function idsOf(answer: JsonAnswer): unknown[] {
  return rowsOf(answer).map(({ ID }) => ID);
}

export async function read(response: Response): Promise<JsonAnswer> {
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: (text.startsWith('{') ? JSON.parse(text) : {}) as JsonBody,
  };
}

/** A token request with the demo client's keys; a parameter that is undefined is left out. */
export function askToken(
  emulator: Emulator,
  params: Record<string, string | undefined>,
): Promise<JsonAnswer> {
  const { clientId: client_id, clientSecret: client_secret } = DEMO_CLIENT;
  const body = form({ client_id, client_secret, ...params });
  return fetch(`${emulator.authorizationServer}/oauth/token/`, { method: 'POST', body }).then(read);
}

export function exchange(emulator: Emulator, code: string): Promise<JsonAnswer> {
  return askToken(emulator, { grant_type: 'authorization_code', code });
}

export function refresh(emulator: Emulator, refresh_token: string): Promise<JsonAnswer> {
  return askToken(emulator, { grant_type: 'refresh_token', refresh_token });
}

export function form(params: Record<string, string | undefined>): URLSearchParams {
  const given = Object.entries(params).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return new URLSearchParams(given);
}

/** Tokens of user 1 of the portal, or of another user. */
export function tokensFor(portal: EmulatedPortal, userId = 1): IssuedTokenSet {
  return portal.issueTokens({ clientId: DEMO_CLIENT.clientId, userId });
}

/** A REST call in the form the application uses: POST, JSON, the token in the body. */
export function callRest(
  { clientEndpoint, accessToken }: Pick<IssuedTokenSet, 'clientEndpoint' | 'accessToken'>,
  method: string,
  params: object = {},
): Promise<JsonAnswer> {
  return fetch(clientEndpoint + method, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ auth: accessToken, ...params }),
    redirect: 'manual',
  }).then(read);
}

export function authorizeUrl(portal: EmulatedPortal, params: Record<string, string> = {}): string {
  return `${portal.origin}/oauth/authorize/?${new URLSearchParams({ client_id: DEMO_CLIENT.clientId, ...params })}`;
}

/** Signs a portal user in and returns the cookie that a browser would store. */
export async function signIn(
  portal: EmulatedPortal,
  { login = 'user1', password = 'demo' } = {},
): Promise<string> {
  const response = await fetch(authorizeUrl(portal), {
    method: 'POST',
    body: form({ login, password }),
    redirect: 'manual',
  });
  return response.headers.getSetCookie()[0]?.split(';')[0] ?? '';
}

/** Requests the authorize page as a signed-in portal user, and returns the address of the redirect. */
export async function authorize(portal: EmulatedPortal, params: Record<string, string> = {}): Promise<URL> {
  const cookie = await signIn(portal);
  const response = await fetch(authorizeUrl(portal, params), { headers: { cookie }, redirect: 'manual' });
  return new URL(response.headers.get('location') ?? '');
}

/** Users 1 (administrator), 2 (sees own companies) and 3 (without CRM). */
export function threeUsers() {
  return [aPortalUser(), aPortalUser({ id: 2, crm: 'own' }), aPortalUser({ id: 3, crm: 'none' })];
}
