import type { Server, ServerResponse } from 'node:http';
import { Server as NetServer } from 'node:net';
import { settlesWithin } from '../timing.ts';

/**
 * A proxy keeps connections open and sends its next request over one of them without checking first. For so long after new
 * connections are refused, one more request is answered over each connection that is open.
 */
const LAST_CALLS_MS = 1_000;

/** The connections of a server, and the requests that come over them. */
export interface Connections {
  /**
   * Refuses new connections, which a proxy takes to the next replica whatever the request, and makes every answer from now on the
   * last of its connection. Resolves when no further request is expected.
   */
  refuseNew(): Promise<void>;
  /** Resolves when every request is answered. To be called after `refuseNew`. */
  answered(): Promise<void>;
  /** Ends what is left. */
  end(): void;
}

export function watchConnections(server: Server): Connections {
  const unanswered = new Set<ServerResponse>();
  let isRefusing = false;
  let closing: NodeJS.Timeout | undefined;
  let onNone = () => {};

  // Before the application, which may answer at once.
  server.prependListener('request', (_req, res) => {
    unanswered.add(res);
    if (isRefusing) res.shouldKeepAlive = false;
    res.once('close', () => {
      unanswered.delete(res);
      if (unanswered.size === 0) onNone();
    });
  });

  return {
    async refuseNew() {
      isRefusing = true;
      for (const res of unanswered) res.shouldKeepAlive = false;
      // Not the `close` of an HTTP server, which cuts idle connections off: a request may be on its way over one of them.
      const allEnded = new Promise<void>((resolve) => {
        NetServer.prototype.close.call(server, () => resolve());
      });
      await settlesWithin(allEnded, LAST_CALLS_MS);
      // A connection that was busy a moment ago is kept alive by its browser; it must not keep the server from ending.
      closing = setInterval(() => server.closeIdleConnections(), 20);
    },
    answered: () =>
      new Promise((resolve) => {
        onNone = resolve;
        if (unanswered.size === 0) resolve();
      }),
    end() {
      clearInterval(closing);
      server.closeAllConnections();
    },
  };
}
