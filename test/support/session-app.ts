import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type Request, type RequestHandler } from 'express';
import session from 'express-session';
import { HOUR } from './clock.ts';

declare module 'express-session' {
  interface SessionData {
    visits?: number;
  }
}

/** An application that does nothing but keep sessions, through the real express-session. */
export interface SessionApp {
  /** Begins a session; the cookie is what a browser would send from now on. */
  begin(): Promise<string>;
  /** How many visits the session of this cookie has seen; `none` without a session. */
  visits(cookie: string): Promise<{ status: number; text: string }>;
  /** A request that has loaded its session, and changes it only when it is let go. */
  slowVisit(cookie: string): Promise<{ letGo(): void; answered: Promise<unknown> }>;
  end(cookie: string): Promise<unknown>;
  /** A new id, as at a sign-in. */
  renew(cookie: string): Promise<string>;
  /** Errors that reached the end of the application. */
  errors: unknown[];
  stop(): Promise<void>;
}

export async function startSessionApp(store: session.Store, secrets = ['a secret']): Promise<SessionApp> {
  const held = new Map<string, { arrived(): void; letGo: Promise<void> }>();
  const errors: unknown[] = [];

  const app = express();
  app.use(
    session({
      store,
      secret: secrets,
      name: 'session',
      cookie: { maxAge: HOUR },
      resave: false,
      saveUninitialized: false,
      rolling: true,
    }),
  );
  app.post(
    '/begin',
    answering(async (req) => {
      req.session.visits = 0;
    }),
  );
  app.get(
    '/visits',
    answering(async (req) => req.session.visits ?? 'none'),
  );
  app.post(
    '/slow/:visit',
    answering(async (req) => {
      const hold = held.get(String(req.params.visit));
      hold?.arrived();
      await hold?.letGo;
      req.session.visits = (req.session.visits ?? 0) + 1;
    }),
  );
  app.post(
    '/end',
    answering((req) => new Promise((resolve) => req.session.destroy(resolve))),
  );
  app.post(
    '/renew',
    answering(async (req) => {
      await new Promise((resolve) => req.session.regenerate(resolve));
      req.session.visits = 0;
    }),
  );
  app.use(((error, _req, res, _next) => {
    errors.push(error);
    if (!res.headersSent) res.status(500).end('error');
  }) satisfies express.ErrorRequestHandler);

  const server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const send = (method: string, path: string, cookie = '') =>
    fetch(origin + path, { method, headers: { cookie }, signal: AbortSignal.timeout(10_000) });
  const cookieOf = async (response: Response) => {
    await response.text();
    return response.headers.get('set-cookie')?.split(';', 1)[0] ?? '';
  };

  return {
    errors,
    begin: async () => cookieOf(await send('POST', '/begin')),
    renew: async (cookie) => cookieOf(await send('POST', '/renew', cookie)),
    end: async (cookie) => (await send('POST', '/end', cookie)).text(),
    async visits(cookie) {
      const response = await send('GET', '/visits', cookie);
      return { status: response.status, text: await response.text() };
    },
    async slowVisit(cookie) {
      let letGo = () => {};
      const gate = new Promise<void>((resolve) => {
        letGo = resolve;
      });
      let answered: Promise<unknown> = Promise.resolve();
      await new Promise<void>((arrived) => {
        const visit = String(held.size);
        held.set(visit, { arrived, letGo: gate });
        answered = send('POST', `/slow/${visit}`, cookie).then((response) => response.text());
      });
      return { letGo, answered };
    },
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** The session id inside a cookie of express-session: `s:id.signature`. */
export function sessionIdOf(cookie: string): string {
  return decodeURIComponent(cookie)
    .replace(/^session=s:/, '')
    .replace(/\.[^.]*$/, '');
}

function answering(work: (req: Request) => Promise<unknown>): RequestHandler {
  return async (req, res) => {
    res.end(String(await work(req)));
  };
}
