/**
 * What a request asks for, as path and query: what browsers send. Whoever writes requests by hand may send more, and Express
 * would answer some of that by itself, past all that protects our answers.
 *
 * @param target  as Node tells it, which lets visible ASCII through: `/companies#top`, `http://app.example/companies`, `*`
 * @see RFC 9112 section 3.2; a fragment has no place in any of its forms
 */
export function pathAskedFor(target: string): string {
  const [asked = ''] = target.split('#', 1);
  return asked.startsWith('/') ? asked : pathOf(asked);
}

/** Of an address as proxies are asked for it; everything else means all of us. */
function pathOf(address: string): string {
  if (!URL.canParse(address)) return '/';
  const { pathname, search } = new URL(address);
  return pathname.startsWith('/') ? pathname + search : '/';
}
