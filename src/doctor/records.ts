import type { PortalUserId } from '../portal-user.ts';
import { keyBeforeQuarantine, QUARANTINE_MS, QUARANTINE_PREFIX, type Store } from '../store/store.ts';
import type { Cipher } from '../vault/cipher.ts';
import {
  parseTokenKey,
  parseTokenRecord,
  TOKEN_KEY_PREFIX,
  type TokenRecord,
} from '../vault/token-record.ts';
import { count, type Finding, MOST_LISTED, ok, problem, warning } from './finding.ts';

const AT_ONCE = 50;

export interface RecordsOptions {
  store: Store;
  cipher: Pick<Cipher, 'keyOf'>;
  clientId: string;
  /** Records that have not been read by then are left out. */
  lookForMs: number;
}

/** The portal user of a record that has a problem. */
interface Person {
  owner: PortalUserId;
  since?: Date;
}

/** Looks at token records without opening them: which users cannot be served, and whose records were set aside. */
export async function checkRecords(options: RecordsOptions): Promise<Finding[]> {
  const { store, clientId } = options;
  const until = performance.now() + options.lookForMs;
  const records = await lookAtRecords(options, until);
  const quarantined = await lookAtQuarantine(store, until);

  /** A line for each user. */
  function tell(people: Person[]): string[] {
    const lines = people.slice(0, MOST_LISTED).map(({ owner, since }) => {
      const portal = records.portals.get(owner.memberId);
      const named = portal
        ? `${portal}, member_id ${owner.memberId}`
        : `portal with member_id ${owner.memberId}`;
      const application = owner.clientId === clientId ? '' : `, application ${owner.clientId}`;
      return `user ${owner.userId} of ${named}${application}${since ? `, since ${since.toISOString()}` : ''}`;
    });
    const left = people.length - lines.length;
    return left > 0 ? [...lines, `… and ${left} more`] : lines;
  }

  const findings = [howMany(records)];
  const { missing, unreadable, older, over } = records;
  if (missing.length > 0) {
    findings.push(
      problem(
        `${count(missing.length, 'record')} sealed with a key that is not in TOKEN_KEYS`,
        'Put the missing key back, at the end of TOKEN_KEYS, and restart; if it is lost, these people sign in again',
        tell(missing),
      ),
    );
  }
  if (unreadable.length > 0) {
    findings.push(
      problem(
        `${count(unreadable.length, 'record')} that cannot be understood`,
        'Did an older version of the application run on newer records? Bring the newer one back, or these people sign in again',
        tell(unreadable),
      ),
    );
  }
  if (older > 0) {
    findings.push(
      warning(
        `${count(older, 'record')} sealed with an older key of TOKEN_KEYS`,
        'npm run rekey, then the older key can be taken out',
      ),
    );
  }
  if (over.size > 0) {
    const reasons = [...over].sort(([, a], [, b]) => b - a).slice(0, MOST_LISTED);
    const sum = [...over.values()].reduce((a, b) => a + b, 0);
    const told = reasons.map(([why, number]) => `${why} ${number}`).join(', ');
    findings.push(
      ok(`${count(sum, 'grant')} over (${told}): these people are sent through Bitrix24 once more`),
    );
  }
  if (quarantined.waiting.length > 0) {
    findings.push(
      problem(
        `${count(quarantined.waiting.length, 'record')} set aside because it could not be opened`,
        'These people sign in again. If there are many: was the store restored from elsewhere, or does something else write to it? What was set aside is kept for 30 days, under b24:quarantine:',
        tell(quarantined.waiting),
      ),
    );
  }
  if (quarantined.replaced + quarantined.others > 0) {
    findings.push(
      ok(
        `${count(quarantined.replaced + quarantined.others, 'more record')} set aside and no longer needed: its user has signed in again, or it held no tokens`,
      ),
    );
  }
  if (records.isPartial || quarantined.isPartial) {
    findings.push(
      warning(
        `There are more records than can be looked at in ${Math.round(options.lookForMs / 1000)} s`,
        'npm run rekey looks at all of them, and counts those that cannot be opened',
      ),
    );
  }
  return findings;
}

interface Records {
  total: number;
  missing: Person[];
  unreadable: Person[];
  older: number;
  /** Grants that ended, by reason. */
  over: Map<string, number>;
  memberIds: Set<string>;
  /** Host of the portal by `member_id`, where a record has one. */
  portals: Map<string, string>;
  isPartial: boolean;
}

async function lookAtRecords({ store, cipher }: RecordsOptions, until: number): Promise<Records> {
  const found: Omit<Records, 'isPartial'> = {
    total: 0,
    missing: [],
    unreadable: [],
    older: 0,
    over: new Map(),
    memberIds: new Set(),
    portals: new Map(),
  };

  function look(owner: PortalUserId, record: TokenRecord): void {
    if (URL.canParse(record.ep)) found.portals.set(owner.memberId, new URL(record.ep).host);
    const key = cipher.keyOf(record.pair);
    if (key === 'missing') found.missing.push({ owner });
    if (key === 'none') found.unreadable.push({ owner });
    if (key === 'older') found.older += 1;
    if (record.state === 'ok') return;
    const why = record.why ?? record.state;
    found.over.set(why, (found.over.get(why) ?? 0) + 1);
  }

  const isWhole = await forEachKey(store, TOKEN_KEY_PREFIX, until, async (key) => {
    const owner = parseTokenKey(key);
    const text = await store.get(key);
    if (owner === undefined || text === null) return;
    found.total += 1;
    found.memberIds.add(owner.memberId);
    const record = parseTokenRecord(text);
    if (record === undefined) found.unreadable.push({ owner });
    else look(owner, record);
  });
  return { ...found, isPartial: !isWhole };
}

interface Quarantine {
  /** Users whose tokens are gone and who have not signed in since. */
  waiting: Person[];
  replaced: number;
  /** Lists of browsers and the like. */
  others: number;
  isPartial: boolean;
}

/** Goes by keys alone: a value that was set aside may be anything. */
async function lookAtQuarantine(store: Store, until: number): Promise<Quarantine> {
  const found: Omit<Quarantine, 'isPartial'> = { waiting: [], replaced: 0, others: 0 };
  const isWhole = await forEachKey(store, QUARANTINE_PREFIX, until, async (key) => {
    const before = keyBeforeQuarantine(key);
    const owner = parseTokenKey(before);
    const leftMs = await store.leftMs(key);
    if (leftMs === null) return;
    if (owner === undefined) found.others += 1;
    else if ((await store.leftMs(before)) !== null) found.replaced += 1;
    else found.waiting.push({ owner, ...sinceOf(leftMs) });
  });
  return { ...found, isPartial: !isWhole };
}

function sinceOf(leftMs: number): Pick<Person, 'since'> {
  return Number.isFinite(leftMs) ? { since: new Date(Date.now() - (QUARANTINE_MS - leftMs)) } : {};
}

function howMany({ total, memberIds }: Records): Finding {
  if (total === 0) return ok('No token records: no user has signed in yet');
  return ok(`${count(total, 'token record')} of ${count(memberIds.size, 'portal')}`);
}

/** @returns whether all keys were seen in time */
async function forEachKey(
  store: Store,
  prefix: string,
  until: number,
  look: (key: string) => Promise<void>,
): Promise<boolean> {
  const keys = store.keys(prefix)[Symbol.asyncIterator]();
  // SCAN may return a key twice.
  const seen = new Set<string>();
  let isInTime = true;

  async function work(): Promise<void> {
    for (let next = await keys.next(); !next.done && isInTime; next = await keys.next()) {
      if (seen.has(next.value)) continue;
      seen.add(next.value);
      await look(next.value);
      isInTime = performance.now() < until;
    }
  }

  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return isInTime;
}
