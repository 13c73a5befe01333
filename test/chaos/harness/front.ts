import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** What stands before the replicas under the one address that browsers know, and passes connections on in turn. */
export interface Front {
  origin: string;
  stop(): Promise<void>;
}

/**
 * @param targets  ports that may be asked, as of now; one that nobody listens on is passed over
 */
export async function startFront(targets: () => number[]): Promise<Front> {
  const open = new Set<Socket>();
  let turn = 0;

  const server = createServer((inside) => {
    const ports = targets();
    turn += 1;
    keep(inside);
    passOn(
      inside,
      ports.map((_, index) => ports[(turn + index) % ports.length] ?? 0),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  function keep(socket: Socket): void {
    open.add(socket);
    socket.on('close', () => open.delete(socket)).on('error', () => {});
  }

  function passOn(inside: Socket, [port, ...others]: number[]): void {
    if (port === undefined) return void inside.destroy();
    const outside = connect(port, '127.0.0.1');
    keep(outside);
    outside.once('error', () => {
      if (outside.bytesRead === 0 && outside.pending) passOn(inside, others);
      else inside.destroy();
    });
    outside.once('connect', () => {
      inside.pipe(outside).pipe(inside);
      inside.once('close', () => outside.destroy());
      outside.once('close', () => inside.destroy());
    });
  }

  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}
