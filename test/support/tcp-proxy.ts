import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A wire between two programs of this machine, for tests that cut it. */
export interface TcpProxy {
  port: number;
  /** From now on nothing gets through the connections there are, and neither side is told. New ones work. */
  blackHole(): void;
  /** Lets requests through, and cuts the connection instead of bringing back the next answer that holds `text`. */
  cutInsteadOfAnswer(text: string): void;
  /** Answers that were cut off so far. */
  cuts(): number;
  stop(): Promise<void>;
}

export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  const pairs = new Set<[Socket, Socket]>();
  let cutAt: string | undefined;
  let cuts = 0;

  const server = createServer((inside) => {
    const outside = connect(targetPort, '127.0.0.1');
    const pair: [Socket, Socket] = [inside, outside];
    pairs.add(pair);
    const end = () => {
      pairs.delete(pair);
      inside.destroy();
      outside.destroy();
    };
    for (const socket of pair) socket.on('error', end).on('close', end);
    inside.on('data', (bytes) => outside.write(bytes));
    outside.on('data', (bytes) => {
      if (cutAt === undefined || !bytes.includes(cutAt)) return void inside.write(bytes);
      cutAt = undefined;
      cuts += 1;
      end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  return {
    port: (server.address() as AddressInfo).port,
    blackHole() {
      for (const socket of [...pairs].flat()) socket.removeAllListeners('data').pause();
    },
    cutInsteadOfAnswer(text) {
      cutAt = text;
    },
    cuts: () => cuts,
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of [...pairs].flat()) socket.destroy();
      await closed;
    },
  };
}
