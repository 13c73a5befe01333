import type { AllowedPortals, Portal } from '../bitrix24/portal.ts';
import { AppError } from '../errors.ts';
import type { HttpClient } from '../http-client/http-client.ts';

const PROBE = { timeoutMs: 3_000, maxBytes: 1_024 };

/**
 * The portal that an authorization response comes from: the one this sign-in began with, or the address it has moved to.
 *
 * The old address of a renamed portal sends the browser on, so `domain` names the new one. The browser's word does not count
 * for that: both addresses have to be listed one by one, and the old one has to redirect us there as well.
 *
 * @param domain  of the redirect
 */
export async function findMovedPortal(
  { http, portals }: { http: HttpClient; portals: AllowedPortals },
  domain: unknown,
  begun: Portal,
): Promise<Portal> {
  const named = typeof domain === 'string' ? domain.toLowerCase() : undefined;
  const isNamedBy = ({ host, hostname }: Portal) => named === host || named === hostname;
  if (named === undefined || isNamedBy(begun)) return begun;
  const candidates = portals.listed.filter(isNamedBy);
  if (candidates.length === 0) return begun;
  const target = await readRedirect(http, begun);
  return candidates.find(({ origin }) => origin === target) ?? begun;
}

/** @returns the origin that the portal redirects its REST to, if it does */
async function readRedirect(http: HttpClient, { origin }: Portal): Promise<string | undefined> {
  try {
    const { status, location } = await http.probe(new URL('/rest/', origin), PROBE);
    return status >= 300 && status < 400 ? location?.origin : undefined;
  } catch (error) {
    // An address that does not answer proves nothing.
    if (error instanceof AppError) return undefined;
    throw error;
  }
}
