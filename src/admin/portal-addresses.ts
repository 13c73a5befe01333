import { z } from 'zod';
import { StoredUser } from '../auth/signed-in-user.ts';
import { parsePortal } from '../bitrix24/portal.ts';
import { parsePortalUserKey, parseRecord } from '../store/records.ts';
import { SESSION_PREFIX } from '../store/sessions.ts';
import { KEY_PREFIX, type Store } from '../store/store.ts';
import { parseTokenKey, parseTokenRecord, TOKEN_KEY_PREFIX } from '../vault/token-record.ts';
import { AdminError } from './admin-error.ts';
import { AT_ONCE, inPortions } from './in-portions.ts';

/** The hosts under which each portal is known, by `memberId`; a portal that has moved may have several. */
export type PortalAddresses = Map<string, Set<string>>;

const StoredSession = z.object({ people: z.array(StoredUser) });

/** @returns the users whom a session names; none for what cannot be read */
export function usersOfSession(text: string | null): StoredUser[] {
  return parseRecord(StoredSession, text)?.people ?? [];
}

/** Keys name portals by `memberId`; what operators know is the host, which token records and sessions hold in the clear. */
export async function readAddresses(store: Store): Promise<PortalAddresses> {
  const addresses: PortalAddresses = new Map();
  const add = (memberId: string, address: string) => {
    const hosts = addresses.get(memberId) ?? new Set();
    addresses.set(memberId, hosts.add(new URL(address).host));
  };
  for await (const portion of inPortions(store.keys(TOKEN_KEY_PREFIX), AT_ONCE)) {
    await Promise.all(
      portion.map(async (key) => {
        const [owner, record] = [parseTokenKey(key), parseTokenRecord(await store.get(key))];
        if (owner && record && URL.canParse(record.ep)) add(owner.memberId, record.ep);
      }),
    );
  }
  for await (const portion of inPortions(store.keys(SESSION_PREFIX), AT_ONCE)) {
    const sessions = await Promise.all(portion.map(async (key) => usersOfSession(await store.get(key))));
    for (const { memberId, portal } of sessions.flat()) add(memberId, portal);
  }
  return addresses;
}

/**
 * The portals that an operator means by a host, or by the `memberId` that `sessions` shows where no host is known.
 *
 * @throws {AdminError}  the store knows no such portal
 */
export async function findPortals(store: Store, text: string): Promise<string[]> {
  const host = parsePortal(text)?.host;
  const found = [...(await readAddresses(store))].filter(
    ([, hosts]) => host !== undefined && hosts.has(host),
  );
  if (found.length > 0) return found.map(([memberId]) => memberId);
  if (await isMemberId(store, text)) return [text];
  throw new AdminError(
    `The store has nothing of a portal ${text}: see how it is written in the list that \`sessions\` prints, and whether REDIS_URL and DATA_DIR are those of the application`,
  );
}

async function isMemberId(store: Store, text: string): Promise<boolean> {
  for (const kind of ['tokens', 'browsers', 'preferences']) {
    for await (const key of store.keys(`${KEY_PREFIX}${kind}:{${text}}:`)) {
      if (parsePortalUserKey(kind, key)) return true;
    }
  }
  return false;
}
