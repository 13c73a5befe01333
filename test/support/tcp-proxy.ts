import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A wire between two programs of this machine, for tests that cut it. */
export interface TcpProxy {
  port: number;
  /** From now on nothing gets through the connections there are, and neither side is told. New ones work. */
  blackHole(): void;
  /** From now on nothing gets through any connection, old or new, until `thaw` lets go what was kept. */
  freeze(): void;
  thaw(): void;
  /** Chunks that `freeze` keeps. */
  frozen(): number;
  /** Resolves once `freeze` keeps something. */
  untilFrozen(): Promise<void>;
  /** Whatever comes from the far side arrives this much later. */
  delayAnswers(ms: number): void;
  /** Ends the connections there are. New ones work. */
  cut(): void;
  /** Ends the connections there are, and every new one at once, until called with false. */
  refuse(isRefusing: boolean): void;
  /** Lets requests through, and cuts the connection instead of bringing back the next answer that holds `text`. */
  cutInsteadOfAnswer(text: string): void;
  /** Lets the next request that fits through to the far side, and cuts the connection instead of its answer. */
  cutAfterRequest(fits: (bytes: Buffer) => boolean): void;
  /** Answers that were cut off so far. */
  cuts(): number;
  stop(): Promise<void>;
}

/** Long enough for the far side to carry out whatever came with the request, after the first answer. */
const CARRY_OUT_MS = 5;

export async function startTcpProxy(targetPort: number, targetHost = '127.0.0.1'): Promise<TcpProxy> {
  const pairs = new Set<[Socket, Socket]>();
  let cutAt: string | undefined;
  let cutAfter: ((bytes: Buffer) => boolean) | undefined;
  let cuts = 0;
  let isFrozen = false;
  let isRefusing = false;
  let delayMs = 0;
  let kept: { to: Socket; bytes: Buffer }[] = [];
  let tellFrozen = () => {};

  const server = createServer((inside) => {
    if (isRefusing) return void inside.destroy();
    const outside = connect(targetPort, targetHost);
    const pair: [Socket, Socket] = [inside, outside];
    let isDoomed = false;
    pairs.add(pair);
    const end = () => {
      pairs.delete(pair);
      // What is kept for somebody who has gone must not arrive after all.
      kept = kept.filter(({ to }) => to !== inside && to !== outside);
      inside.destroy();
      outside.destroy();
    };
    for (const socket of pair) socket.on('error', end).on('close', end);
    inside.on('data', (bytes) => {
      if (cutAfter?.(bytes)) {
        cutAfter = undefined;
        isDoomed = true;
      }
      pass(outside, bytes);
    });
    outside.on('data', (bytes) => {
      const isAwaited = cutAt !== undefined && bytes.includes(cutAt);
      if (!isDoomed && !isAwaited) {
        if (delayMs === 0) pass(inside, bytes);
        else setTimeout(pass, delayMs, inside, bytes);
        return;
      }
      if (isAwaited) cutAt = undefined;
      cuts += 1;
      isDoomed = true;
      outside.removeAllListeners('data').resume();
      if (isAwaited) end();
      else setTimeout(end, CARRY_OUT_MS);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  function pass(to: Socket, bytes: Buffer): void {
    if (isFrozen) {
      kept.push({ to, bytes });
      tellFrozen();
    } else if (!to.destroyed) to.write(bytes);
  }

  function cut(): void {
    for (const socket of [...pairs].flat()) socket.destroy();
  }

  return {
    port: (server.address() as AddressInfo).port,
    blackHole() {
      for (const socket of [...pairs].flat()) socket.removeAllListeners('data').pause();
    },
    freeze() {
      isFrozen = true;
    },
    thaw() {
      isFrozen = false;
      for (const { to, bytes } of kept.splice(0)) pass(to, bytes);
    },
    frozen: () => kept.length,
    async untilFrozen() {
      if (kept.length > 0) return;
      await new Promise<void>((resolve) => {
        tellFrozen = resolve;
      });
    },
    delayAnswers(ms) {
      delayMs = ms;
    },
    cut,
    refuse(refusing) {
      isRefusing = refusing;
      if (refusing) cut();
    },
    cutInsteadOfAnswer(text) {
      cutAt = text;
    },
    cutAfterRequest(fits) {
      cutAfter = fits;
    },
    cuts: () => cuts,
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      cut();
      await closed;
    },
  };
}
