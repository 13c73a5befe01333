/**
 * Browsers that have left for a portal and are expected back, as many as this process keeps waiting.
 *
 * Each costs the store a few hundred bytes for some minutes, and any visitor may begin a sign-in. When the list is full,
 * the oldest browser of the network that has most of them is dropped: a network that begins thousands of sign-ins pushes
 * out its own, and visitors who come one by one are not touched.
 */
export interface WaitingBrowsers {
  /** Adds a browser; `forget` is called for one that is pushed out. */
  add(browser: WaitingBrowser): void;
  /** The browser came back from the portal. */
  remove(binding: string): void;
}

export interface WaitingBrowser {
  binding: string;
  /** See `networkOf`. */
  network: string;
  /** Of a browser in which no portal user is signed in: such a session goes with the sign-in. */
  sessionId: string | undefined;
}

interface Waiting extends WaitingBrowser {
  addedAt: number;
}

/**
 * @param options.max         of this process; with several, each keeps as many
 * @param options.lifetimeMs  after which a browser is not expected back
 * @param options.forget      removes what the store holds of a browser; never throws
 */
export function createWaitingBrowsers(options: {
  max: number;
  lifetimeMs: number;
  now: () => number;
  forget: (browser: WaitingBrowser) => void;
}): WaitingBrowsers {
  const { max, lifetimeMs, now, forget } = options;
  /** By binding, the oldest first. */
  const waiting = new Map<string, Waiting>();

  function removeLapsed(): void {
    for (const [binding, { addedAt }] of waiting) {
      if (now() - addedAt < lifetimeMs) return;
      waiting.delete(binding);
    }
  }

  function makeRoom(): void {
    const pushedOut = oldestOfLargestNetwork(waiting);
    if (pushedOut === undefined) return;
    waiting.delete(pushedOut.binding);
    forget(pushedOut);
  }

  return {
    add(browser) {
      waiting.delete(browser.binding);
      removeLapsed();
      if (waiting.size >= max) makeRoom();
      waiting.set(browser.binding, { ...browser, addedAt: now() });
    },
    remove: (binding) => void waiting.delete(binding),
  };
}

/** Looks at all of them, but only when the list is full: about 1 ms for 10,000 browsers, 4 ms if each has its own network. */
function oldestOfLargestNetwork(oldestFirst: Map<string, Waiting>): Waiting | undefined {
  const sizes = new Map<string, number>();
  let largest = 0;
  for (const { network } of oldestFirst.values()) {
    const size = (sizes.get(network) ?? 0) + 1;
    sizes.set(network, size);
    largest = Math.max(largest, size);
  }
  for (const browser of oldestFirst.values()) if (sizes.get(browser.network) === largest) return browser;
  return undefined;
}
