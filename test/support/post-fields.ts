import type { BrowserAgent } from './browser-agent.ts';

export interface Posted {
  status: number;
  location: string | undefined;
  text: string;
}

/**
 * Posts a form from a page of ours, in which a name may stand several times, as boxes of one name do; no redirect is
 * followed.
 *
 * @param headers  in place of those that say the form is ours
 */
export async function postFields(
  agent: BrowserAgent,
  address: string,
  fields: [name: string, value: string][],
  headers: Record<string, string> = { 'sec-fetch-site': 'same-origin' },
): Promise<Posted> {
  const cookies = agent.cookies.get(new URL(address).hostname) ?? new Map<string, string>();
  const answer = await fetch(address, {
    method: 'POST',
    redirect: 'manual',
    headers: {
      accept: 'text/html',
      cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; '),
      ...headers,
    },
    body: new URLSearchParams(fields),
  });
  return {
    status: answer.status,
    location: answer.headers.get('location') ?? undefined,
    text: await answer.text(),
  };
}
