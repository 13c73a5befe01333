import ipaddr from 'ipaddr.js';
import { AppError } from '../errors.ts';
import type { PortalUserId } from '../portal-user.ts';
import { KEY_PREFIX, type Store } from '../store/store.ts';

/** Limits per minute on what visitors do (design.md section 4). The store counts, so all replicas together allow no more. */
export interface VisitorLimits {
  /** Counts the start of a sign-in, successful or not. @throws {TooManyRequestsError} */
  countStart(address: string | undefined): Promise<void>;
  /**
   * Counts a refused callback. A successful one is never counted nor refused: people behind an attacker's address still get in.
   *
   * @throws {TooManyRequestsError}
   */
  countRefusedCallback(address: string | undefined): Promise<void>;
  /** Counts a search that reaches the portal. @throws {TooManyRequestsError} */
  countSearch(user: PortalUserId): Promise<void>;
}

/** One address, or one portal user, has reached a limit. */
export class TooManyRequestsError extends AppError {
  constructor(limit: VisitorLimit, leftMs: number) {
    super(`too many within a minute: ${limit}`, {
      code: 'too_many_requests',
      status: 429,
      reason: limit,
      retryAfterSeconds: Math.max(1, Math.ceil(leftMs / 1000)),
    });
  }
}

export type VisitorLimit = keyof typeof PER_MINUTE;

const PER_MINUTE = {
  starts: 300,
  callbacks: 100,
  // Far more than a person types; each may cost the portal a search through all its companies.
  searches: 120,
};
const MINUTE_MS = 60_000;

/** @param options.observeRefused  called for each visitor who was refused */
export function createVisitorLimits(options: {
  store: Store;
  clientId: string;
  observeRefused?: ((limit: VisitorLimit) => void) | undefined;
}): VisitorLimits {
  const { store, clientId, observeRefused } = options;
  async function count(limit: VisitorLimit, who: string): Promise<void> {
    const key = `${KEY_PREFIX}visitors:${limit}:${clientId}:${who}`;
    const { count, leftMs } = await store.count(key, MINUTE_MS);
    if (count <= PER_MINUTE[limit]) return;
    observeRefused?.(limit);
    throw new TooManyRequestsError(limit, leftMs);
  }
  return {
    countStart: (address) => count('starts', networkOf(address)),
    countRefusedCallback: (address) => count('callbacks', networkOf(address)),
    countSearch: ({ memberId, userId }) => count('searches', `{${memberId}}:${userId}`),
  };
}

/**
 * Who counts as one visitor: an IPv4 address, or an IPv6 network of the size that one subscriber gets, who has 2^64
 * addresses in it.
 *
 * @param address  as Express tells it; `trust proxy` decides whom it believes
 */
export function networkOf(address: string | undefined): string {
  if (address === undefined || !ipaddr.isValid(address)) return 'unknown';
  const parsed = ipaddr.process(address);
  if (parsed.kind() === 'ipv4') return parsed.toString();
  return `${ipaddr.IPv6.networkAddressFromCIDR(`${withoutZone(address)}/64`).toString()}/64`;
}

/** `fe80::1%eth0`: the interface of ours that a request came in by does not make it another visitor. */
function withoutZone(address: string): string {
  return address.split('%', 1)[0] ?? address;
}
