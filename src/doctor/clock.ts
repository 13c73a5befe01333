import { type Finding, MOST_LISTED, ok, problem, warning } from './finding.ts';
import type { OutgoingHost } from './outgoing-hosts.ts';

/** Lifetime of an authorization code (protocol 2.1). */
const WARN_MS = 30_000;
/** From here on sessions, tokens and certificates suffer as well. */
const PROBLEM_MS = 5 * 60_000;

const REMEDY = 'Turn on time synchronisation (timedatectl set-ntp true; in a virtual machine, on its host)';

interface OtherClock {
  name: string;
  /** The other clock minus ours. */
  differenceMs: number;
}

/** Compares our clock with those of the hosts that answered, and of the store. */
export function checkClock(hosts: OutgoingHost[], storeDifferenceMs: number | undefined): Finding[] {
  const others: OtherClock[] = hosts.flatMap(({ url, clockDifferenceMs }) =>
    clockDifferenceMs === undefined ? [] : [{ name: url.host, differenceMs: clockDifferenceMs }],
  );
  if (storeDifferenceMs !== undefined) others.push({ name: 'the store', differenceMs: storeDifferenceMs });
  if (others.length === 0) {
    return [
      warning('No host answered whose clock could be compared with ours', 'See below which did not answer'),
    ];
  }

  const isOff = ({ differenceMs }: OtherClock) => Math.abs(differenceMs) > WARN_MS;
  const [off, right] = [others.filter(isOff), others.filter((other) => !isOff(other))];
  const agreeing = right.length > 0 ? [ok(`Agrees with ${names(right)}`)] : [];
  if (off.length === 0) return agreeing;
  const worst = Math.max(...off.map(({ differenceMs }) => Math.abs(differenceMs)));
  const which = off.slice(0, MOST_LISTED).map(({ name, differenceMs }) => `${inWords(differenceMs)} ${name}`);
  const find = worst > PROBLEM_MS ? problem : warning;
  return right.length === 0
    ? [find("This machine's clock is off. A code of Bitrix24 lives 30 seconds", REMEDY, which)]
    : [...agreeing, find('Clocks differ. Ours is', `One of them is wrong. ${REMEDY}`, which)];
}

function names(others: OtherClock[]): string {
  const listed = others.slice(0, MOST_LISTED).map(({ name }) => name);
  return listed.join(', ') + (others.length > MOST_LISTED ? ` and ${others.length - MOST_LISTED} more` : '');
}

/** `2 min 5 s behind` */
function inWords(differenceMs: number): string {
  const seconds = Math.round(Math.abs(differenceMs) / 1000);
  const parts = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ];
  const told = parts.filter(([number]) => number !== 0).slice(0, 2);
  return `${told.map((part) => part.join(' ')).join(' ')} ${differenceMs > 0 ? 'behind' : 'ahead of'}`;
}
