import { createSignIns, type SignedInBrowser } from '../auth/sign-ins.ts';
import { describeUserAgent } from '../auth/user-agent.ts';
import type { PortalUserId } from '../portal-user.ts';
import type { Store } from '../store/store.ts';
import { AT_ONCE, inPortions } from './in-portions.ts';
import { readAddresses } from './portal-addresses.ts';
import { signedInUsers } from './sign-out.ts';

interface Person {
  user: PortalUserId;
  browsers: SignedInBrowser[];
}

/**
 * Who is signed in, by portal and person, as lines for a terminal. No id of a session, no token, no name: an operator names
 * people by portal and number.
 */
export async function listSessions(store: Store): Promise<string[]> {
  const addresses = await readAddresses(store);
  const people = (await readPeople(store)).filter(({ browsers }) => browsers.length > 0);
  if (people.length === 0) return ['No person is signed in.'];
  const portals = [...new Set(people.map(({ user }) => user.memberId))].map((memberId) => ({
    name: [...(addresses.get(memberId) ?? [memberId])].sort().join(', '),
    users: people
      .filter(({ user }) => user.memberId === memberId)
      .sort((one, other) => one.user.userId - other.user.userId),
  }));
  return portals
    .sort((one, other) => (one.name < other.name ? -1 : 1))
    .flatMap(({ name, users }) => [`${name}: people: ${users.length}`, ...users.flatMap(describePerson)]);
}

async function readPeople(store: Store): Promise<Person[]> {
  const signIns = createSignIns({ store, now: Date.now });
  // Redis may name a key twice.
  const people = new Map<string, Person>();
  for await (const portion of inPortions(signedInUsers(store), AT_ONCE)) {
    const lists = await Promise.all(portion.map((user) => signIns.list(user)));
    for (const [index, user] of portion.entries()) {
      people.set(JSON.stringify(user), { user, browsers: lists[index] ?? [] });
    }
  }
  return [...people.values()];
}

function describePerson({ user, browsers }: Person): string[] {
  return [`  user ${user.userId}, browsers: ${browsers.length}`, ...browsers.map(describeBrowser)];
}

function describeBrowser({ agent, seen, since }: SignedInBrowser): string {
  const { browser, system } = describeUserAgent(agent);
  const name = [browser ?? 'unknown browser', ...(system ? [`on ${system}`] : [])].join(' ');
  return `    ${name}, last seen ${minute(seen)}, signed in ${minute(since)}`;
}

/** `2026-12-01 16:20 UTC` */
function minute(at: string): string {
  return `${at.slice(0, 10)} ${at.slice(11, 16)} UTC`;
}
