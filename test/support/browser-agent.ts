import { addToOutput } from './output.ts';

/** An answer as the visitor sees it at the end of all redirects. */
export interface Visit {
  status: number;
  /** Where it ended. */
  url: URL;
  headers: Headers;
  text: string;
  /** Every address that answered with a redirect on the way. */
  redirects: URL[];
}

export interface BrowserAgent {
  /** Follows redirects, as a browser does. */
  visit(address: string, options?: VisitOptions): Promise<Visit>;
  /** One request, no redirects followed; `location` is where it would lead. */
  request(address: string, options?: VisitOptions): Promise<Visit & { location: string | undefined }>;
  /** Posts a form from a page of `address`' own origin. */
  post(address: string, form?: Record<string, string>): Promise<Visit>;
  cookies: Map<string, Map<string, string>>;
}

export interface VisitOptions {
  method?: string;
  headers?: Record<string, string>;
  form?: Record<string, string>;
}

export interface AgentOptions {
  headers?: Record<string, string>;
  /** What this origin answers is written down for the canary scan: pages, cookies, and where it redirects to. */
  recorded?: string;
}

/**
 * Keeps cookies and follows redirects across hosts like a browser: cookies belong to a host name, whatever the port.
 * What needs a real browser (CSP, SameSite, the back button) is tested in Chromium instead.
 */
export function createAgent(defaults: AgentOptions = {}): BrowserAgent {
  const cookies = new Map<string, Map<string, string>>();

  async function request(address: string, options: VisitOptions = {}) {
    const url = new URL(address);
    const jar = cookies.get(url.hostname) ?? new Map<string, string>();
    cookies.set(url.hostname, jar);
    const response = await fetch(url, {
      method: options.method ?? (options.form ? 'POST' : 'GET'),
      redirect: 'manual',
      headers: {
        accept: 'text/html',
        cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; '),
        ...defaults.headers,
        ...options.headers,
      },
      ...(options.form ? { body: new URLSearchParams(options.form) } : {}),
    });
    for (const line of response.headers.getSetCookie()) keepCookie(jar, line);
    const location = response.headers.get('location') ?? undefined;
    const text = await response.text();
    if (url.origin === defaults.recorded) {
      const answered = [...response.headers].map(([name, value]) => `${name}: ${value}`).join('\n');
      addToOutput(`answers-${process.pid}.txt`, `${url.pathname}\n${answered}\n\n${text}\n`);
    }
    return {
      status: response.status,
      url,
      headers: response.headers,
      text,
      redirects: [],
      location,
    };
  }

  async function visit(address: string, options: VisitOptions = {}): Promise<Visit> {
    const redirects: URL[] = [];
    let answer = await request(address, options);
    while (answer.location !== undefined && answer.status >= 300 && answer.status < 400) {
      if (redirects.length > 15) throw new Error(`redirects without end: ${redirects.join(' → ')}`);
      redirects.push(answer.url);
      answer = await request(new URL(answer.location, answer.url).href, { headers: options.headers ?? {} });
    }
    return { ...answer, redirects };
  }

  return {
    visit,
    request,
    cookies,
    post: (address, form = {}) =>
      visit(address, {
        method: 'POST',
        form,
        headers: { origin: new URL(address).origin, 'sec-fetch-site': 'same-origin' },
      }),
  };
}

/** The value of the one cookie at that host whose name begins so; names end in a text of the installation. */
export function cookieOf(agent: BrowserAgent, name: string, hostname = '127.0.0.1'): string | undefined {
  const found = [...(agent.cookies.get(hostname) ?? [])].find(([each]) => each.startsWith(name));
  return found?.[1];
}

function keepCookie(jar: Map<string, string>, line: string): void {
  const [pair = ''] = line.split(';');
  const name = pair.slice(0, pair.indexOf('='));
  const isExpired = /max-age=0|expires=thu, 01 jan 1970/i.test(line);
  if (isExpired) jar.delete(name);
  else jar.set(name, pair.slice(name.length + 1));
}
