import { english } from '../../src/i18n/messages/en.ts';
import type { BrowserAgent, Visit } from '../../test/support/browser-agent.ts';
import { AT_THE_PORTAL, CUT } from './observation.ts';

/** Where a browser arrived that opened an address. */
export interface Destination {
  page: Visit | undefined;
  /** As in an Observation. */
  code: string | undefined;
  reauthorizations: number;
}

const MAX_REDIRECTS = 12;

/**
 * Opens a page of the application as a browser does, following redirects. On the portal the user is signed in, or
 * signs in.
 */
export async function openPage(
  { agent, login }: { agent: BrowserAgent; login: string },
  publicUrl: string,
  path: string,
): Promise<Destination> {
  let target = publicUrl + path;
  let form: Record<string, string> | undefined;
  let reauthorizations = 0;
  for (let hop = 0; hop < MAX_REDIRECTS; hop += 1) {
    const isOurs = target.startsWith(`${publicUrl}/`);
    const origin = new URL(target).origin;
    const options = form ? { form, headers: { origin } } : {};
    const page = await agent.request(target, options).catch(() => undefined);
    form = undefined;
    if (page === undefined) return { page, code: isOurs ? CUT : AT_THE_PORTAL, reauthorizations };
    if (page.url.pathname === '/login' && path !== page.url.pathname) reauthorizations += 1;
    if (page.location !== undefined) {
      target = new URL(page.location, page.url).href;
    } else if (isOurs) {
      return { page, code: codeOf(page), reauthorizations };
    } else if (page.status === 200) {
      form = { login, password: 'demo' };
    } else {
      return { page, code: AT_THE_PORTAL, reauthorizations };
    }
  }
  return { page: undefined, code: 'redirects_without_end', reauthorizations };
}

/** Error code by page heading: error pages do not show the code. Codes with equal headings have the same cause. */
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
