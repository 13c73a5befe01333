import type { AllowedPortals } from '../bitrix24/portal.ts';
import type { CallLimits, HttpClient, ProbeAnswer } from '../http-client/http-client.ts';
import { TransportError } from '../http-client/transport-errors.ts';

/** A host of Bitrix24 that the application calls, and what a request to it gave. */
export interface OutgoingHost {
  kind: 'portal' | 'authorization server';
  url: URL;
  outcome: ProbeAnswer | TransportError;
  /** Its clock minus ours, if the answer has a date. */
  clockDifferenceMs: number | undefined;
}

/** Long enough for a slow line, short enough for an operator who waits. */
export const PROBE: CallLimits = { timeoutMs: 6000, maxBytes: 4096 };

/** Sends a request without any secret to every portal and authorization server of the settings, all at once. */
export function askOutgoingHosts(
  http: HttpClient,
  settings: { portals: AllowedPortals; authorizationServers: URL[] },
): Promise<OutgoingHost[]> {
  const portals = settings.portals.listed.map(({ origin }) => ask(http, 'portal', new URL(origin)));
  const servers = settings.authorizationServers.map((url) => ask(http, 'authorization server', url));
  return Promise.all([...servers, ...portals]);
}

async function ask(http: HttpClient, kind: OutgoingHost['kind'], url: URL): Promise<OutgoingHost> {
  const startedAt = Date.now();
  const outcome = await probe(http, url);
  const date = outcome instanceof TransportError ? undefined : outcome.date;
  // The header is cut to whole seconds: half a second more is its mean.
  const clockDifferenceMs = date && date.getTime() + 500 - (startedAt + Date.now()) / 2;
  return { kind, url, outcome, clockDifferenceMs };
}

/** As `HttpClient.probe`, but returns a TransportError as an outcome. */
export async function probe(http: HttpClient, url: URL): Promise<ProbeAnswer | TransportError> {
  try {
    return await http.probe(url, PROBE);
  } catch (error) {
    if (error instanceof TransportError) return error;
    throw error;
  }
}
