import { type BrowserAgent, cookieOf, createAgent } from '../../support/browser-agent.ts';
import { pause } from './time.ts';

/** Somebody with a session. */
export interface Visitor {
  userId: number;
  login: string;
  agent: BrowserAgent;
}

export function aVisitor(userId: number): Visitor {
  return { userId, login: `user${userId}`, agent: createAgent() };
}

/** What a program sees. */
export interface Answer {
  /** 0: nobody answered. */
  status: number;
  /** `error.code` of the answer. */
  code: string | undefined;
  ms: number;
}

/** 200: the token works. 401: the chain is lost. Else: not now. */
export async function callAs(visitor: Visitor, origin: string): Promise<Answer> {
  return callWith(sessionCookie(visitor), origin);
}

export async function callWith(cookie: string, origin: string): Promise<Answer> {
  const startedAt = performance.now();
  const ms = () => performance.now() - startedAt;
  try {
    const response = await fetch(`${origin}/companies`, { headers: { accept: 'application/json', cookie } });
    const body = (await response.json()) as { error?: { code?: string } };
    return { status: response.status, code: body.error?.code, ms: ms() };
  } catch {
    return { status: 0, code: undefined, ms: ms() };
  }
}

export function isNotNow({ status }: Answer): boolean {
  return status === 0 || status >= 500;
}

/** Calls again while the answer is "not now", as `Retry-After` asks: the last answer, and all before it. */
export async function callUntilSettled(
  visitor: Visitor,
  origins: string[],
  { forMs = 45_000, pauseMs = 2000 } = {},
): Promise<{ last: Answer; all: Answer[] }> {
  const deadline = Date.now() + forMs;
  const all: Answer[] = [];
  for (let turn = 0; ; turn += 1) {
    const last = await callAs(visitor, origins[turn % origins.length] ?? '');
    all.push(last);
    if (!isNotNow(last) || Date.now() > deadline) return { last, all };
    await pause(last.status === 0 ? 100 : pauseMs);
  }
}

/** What a person sees who opens an address and waits for what it leads to. */
export interface PageVisit {
  status: number;
  /** Path and query where it ended. */
  address: string;
  /** Times the person was sent through /login. */
  trips: number;
  /** Times a page asked to be loaded again. */
  reloads: number;
  /** Times the person had to press "try again" because the store did not answer in time. */
  again: number;
  /** Of every page on the way. */
  statuses: number[];
  ms: number;
}

const MOST_RELOADS = 3;
const MOST_BY_HAND = 2;

/** Whether one trip to the portal, and no other effort of the person's, led them where they wanted to go. */
export function isHealedByOneTrip({ status, address, trips, again }: PageVisit, wanted: string): boolean {
  // A trip that the store cut short is made once more.
  return status === 200 && address === wanted && trips >= 1 && trips <= 1 + again;
}

/** Opens it, and again if the store was too slow, which on a shared machine it sometimes is. */
export async function openPage(visitor: Visitor, address: string): Promise<PageVisit> {
  let visit = await openOnce(visitor, address);
  for (let again = 1; again <= MOST_BY_HAND && visit.status === 503; again += 1) {
    const next = await openOnce(visitor, address);
    visit = {
      ...next,
      again,
      trips: visit.trips + next.trips,
      reloads: visit.reloads + next.reloads,
      statuses: [...visit.statuses, ...next.statuses],
      ms: visit.ms + next.ms,
    };
  }
  return visit;
}

/** Follows redirects, and `Refresh`, as a browser does. */
async function openOnce(visitor: Visitor, address: string): Promise<PageVisit> {
  const startedAt = performance.now();
  const seen = { trips: 0, statuses: [] as number[] };
  let target = new URL(address);
  for (let reloads = 0; ; reloads += 1) {
    const page = await visitor.agent.visit(target.href);
    seen.trips += page.redirects.filter(({ pathname }) => pathname === '/login').length;
    seen.statuses.push(page.status);
    const refresh = readRefresh(page.headers.get('refresh') ?? metaRefresh(page.text));
    if (refresh === undefined || reloads === MOST_RELOADS) {
      const { pathname, search } = page.url;
      return {
        ...seen,
        status: page.status,
        address: pathname + search,
        reloads,
        again: 0,
        ms: performance.now() - startedAt,
      };
    }
    await pause(refresh.seconds * 1000);
    target = new URL(refresh.url ?? page.url.href, page.url);
  }
}

function metaRefresh(html: string): string | null {
  const tag = /<meta[^>]+http-equiv="?refresh"?[^>]*>/i.exec(html)?.[0] ?? '';
  return /content="([^"]*)"/i.exec(tag)?.[1]?.replaceAll('&amp;', '&') ?? null;
}

/** `2`, or `2; url=/companies` */
function readRefresh(value: string | null): { seconds: number; url: string | undefined } | undefined {
  const [, seconds, url] = /^\s*(\d+)\s*(?:[;,]\s*url\s*=\s*['"]?([^'"]*))?/i.exec(value ?? '') ?? [];
  return seconds === undefined ? undefined : { seconds: Number(seconds), url };
}

/** All replicas are on one host name, so one jar holds the cookie of all. */
export function sessionCookie({ agent }: Visitor): string {
  return `session=${cookieOf(agent, 'session') ?? ''}`;
}
