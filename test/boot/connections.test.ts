import { once } from 'node:events';
import { Agent, createServer, get, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Connections, watchConnections } from '../../src/boot/connections.ts';
import { letTimersRun, stopTimers } from '../support/stopped-timers.ts';

/** `/held` is answered when a test says so, everything else at once. */
let server: Server;
let connections: Connections;
let held: ServerResponse[];
/** A proxy that keeps one connection. */
let proxy: Agent;
beforeEach(async () => {
  held = [];
  proxy = new Agent({ keepAlive: true, maxSockets: 1 });
  server = createServer((req, res) => {
    if (req.url === '/held') held.push(res);
    else res.end('here');
  });
  connections = watchConnections(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => {
  proxy.destroy();
  connections.end();
  server.close();
});

interface Seen {
  status: number;
  connection: string | undefined;
  /** Whether it came over a connection that had been used before. */
  isReused: boolean;
}

/** @throws when the connection is refused or cut */
async function ask(path = '/', agent: Agent = proxy): Promise<Seen> {
  const { port } = address;
  const request = get({ host: '127.0.0.1', port, path, agent });
  const [answer] = (await once(request, 'response')) as [IncomingMessage];
  await once(answer.resume(), 'end');
  const { statusCode = 0, headers } = answer;
  return { status: statusCode, connection: headers.connection, isReused: request.reusedSocket };
}

/** Known after the server has stopped listening, too. */
let address: AddressInfo;
beforeEach(() => {
  address = server.address() as AddressInfo;
});

async function untilHeld(): Promise<ServerResponse> {
  while (held.length === 0) await new Promise((resolve) => setTimeout(resolve, 2));
  return held[0] as ServerResponse;
}

describe('a server that refuses new connections', () => {
  it('refuses them at once', async () => {
    await ask();

    void connections.refuseNew();

    await expect(ask('/', new Agent())).rejects.toThrow('ECONNREFUSED');
  });

  it('answers what comes over a connection that was idle, and closes it', async () => {
    const before = await ask();

    void connections.refuseNew();
    const after = await ask();

    expect(before).toEqual({ status: 200, connection: 'keep-alive', isReused: false });
    expect(after).toEqual({ status: 200, connection: 'close', isReused: true });
  });

  it('closes a connection after the answer that its client waits for', async () => {
    const waiting = ask('/held');
    const res = await untilHeld();

    const refusing = connections.refuseNew();
    res.end();

    expect((await waiting).connection).toBe('close');
    await refusing;
  });

  it('is done at once when no client has a connection', async () => {
    stopTimers('setTimeout');

    // Would never end if it waited for a timer.
    await connections.refuseNew();
    await connections.answered();
    letTimersRun();

    await expect(ask()).rejects.toThrow('ECONNREFUSED');
  });

  it('does not wait without end for a connection over which nothing comes', async () => {
    await ask();

    await connections.refuseNew();
    await connections.answered();
    connections.end();

    await expect(ask()).rejects.toThrow();
  });

  it('is not done while a client waits for an answer', async () => {
    const waiting = ask('/held');
    const res = await untilHeld();
    let isDone = false;

    await connections.refuseNew();
    const answered = connections.answered().then(() => {
      isDone = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    const wasDone = isDone;
    res.end();
    await answered;

    expect(wasDone).toBe(false);
    expect((await waiting).status).toBe(200);
  });
});
