import type { AllowedPortals } from '../bitrix24/portal.ts';
import type { CallLimits, HttpClient, ProbeAnswer } from '../http-client/http-client.ts';
import { TransportError } from '../http-client/transport-errors.ts';

/** Somebody in Bitrix24 whom the application calls, and what came of asking them. */
export interface Neighbour {
  kind: 'portal' | 'authorization server';
  url: URL;
  outcome: ProbeAnswer | TransportError;
  /** Their clock minus ours, if they told. */
  clockDifferenceMs: number | undefined;
}

/** Long enough for a slow line, short enough for somebody who waits. */
export const PROBE: CallLimits = { timeoutMs: 6000, maxBytes: 4096 };

/** Asks all of them at once; nothing of ours is sent. */
export function askNeighbours(
  http: HttpClient,
  settings: { portals: AllowedPortals; authorizationServers: URL[] },
): Promise<Neighbour[]> {
  const portals = settings.portals.listed.map(({ origin }) => ask(http, 'portal', new URL(origin)));
  const servers = settings.authorizationServers.map((url) => ask(http, 'authorization server', url));
  return Promise.all([...servers, ...portals]);
}

async function ask(http: HttpClient, kind: Neighbour['kind'], url: URL): Promise<Neighbour> {
  const startedAt = Date.now();
  const outcome = await probe(http, url);
  const date = outcome instanceof TransportError ? undefined : outcome.date;
  // Half a second, because the header holds whole seconds that have begun.
  const clockDifferenceMs = date && date.getTime() + 500 - (startedAt + Date.now()) / 2;
  return { kind, url, outcome, clockDifferenceMs };
}

/** As `HttpClient.probe`, for callers to whom no answer is an answer too. */
export async function probe(http: HttpClient, url: URL): Promise<ProbeAnswer | TransportError> {
  try {
    return await http.probe(url, PROBE);
  } catch (error) {
    if (error instanceof TransportError) return error;
    throw error;
  }
}
