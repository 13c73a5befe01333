/**
 * The target of a request as path and query, which is what browsers send. Other clients may send other forms, and Express
 * would answer some of them itself, without the headers and checks of our middleware.
 *
 * @param target  as Node tells it, which lets visible ASCII through: `/companies#top`, `http://app.example/companies`, `*`
 * @see RFC 9112 section 3.2; a fragment has no place in any of its forms
 */
export function pathAskedFor(target: string): string {
  const [asked = ''] = target.split('#', 1);
  return asked.startsWith('/') ? asked : pathOf(asked);
}

/** Of the absolute form, as clients send it to a proxy; every other form counts as `/`. */
function pathOf(address: string): string {
  if (!URL.canParse(address)) return '/';
  const { pathname, search } = new URL(address);
  return pathname.startsWith('/') ? pathname + search : '/';
}
