import { english } from '../../src/i18n/messages/en.ts';
import type { BrowserAgent, Visit } from '../../test/support/browser-agent.ts';
import { AT_THE_PORTAL, CUT } from './sighting.ts';

/** Where somebody ended who opened an address. */
export interface Arrival {
  page: Visit | undefined;
  /** As in a Sighting. */
  code: string | undefined;
  trips: number;
}

const MOST_HOPS = 12;

/** Opens a page of ours as a browser does; a portal on the way is one in which the person is signed in, or signs in. */
export async function openPage(
  { agent, login }: { agent: BrowserAgent; login: string },
  publicUrl: string,
  path: string,
): Promise<Arrival> {
  let target = publicUrl + path;
  let form: Record<string, string> | undefined;
  let trips = 0;
  for (let hop = 0; hop < MOST_HOPS; hop += 1) {
    const isOurs = target.startsWith(`${publicUrl}/`);
    const origin = new URL(target).origin;
    const options = form ? { form, headers: { origin } } : {};
    const page = await agent.request(target, options).catch(() => undefined);
    form = undefined;
    if (page === undefined) return { page, code: isOurs ? CUT : AT_THE_PORTAL, trips };
    if (page.url.pathname === '/login' && path !== page.url.pathname) trips += 1;
    if (page.location !== undefined) {
      target = new URL(page.location, page.url).href;
    } else if (isOurs) {
      return { page, code: codeOf(page), trips };
    } else if (page.status === 200) {
      form = { login, password: 'demo' };
    } else {
      return { page, code: AT_THE_PORTAL, trips };
    }
  }
  return { page: undefined, code: 'redirects_without_end', trips };
}

/** Error pages tell people no code; but every code has a heading of its own, or shares it with one that is alike. */
const CODES = new Map(
  Object.entries(english.errors).flatMap(([code, texts]) =>
    typeof texts === 'string'
      ? []
      : Object.values(texts).flatMap((each) =>
          typeof each === 'object' ? [[each.title, code] as [string, string]] : [],
        ),
  ),
);

function codeOf({ status, text, url }: Visit): string | undefined {
  if (status === 200) return url.pathname === '/' ? 'signed_out' : undefined;
  const heading = /<h1>(.*?)<\/h1>/.exec(text)?.[1]?.replaceAll('&#39;', "'") ?? '';
  return CODES.get(heading) ?? `${status} ${heading || text.slice(0, 60)}`;
}
