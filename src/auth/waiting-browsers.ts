/**
 * Browsers that have left for a portal and are expected back, as many as this process keeps waiting.
 *
 * Each costs the store a few hundred bytes for some minutes, and anybody may begin a sign-in. When there are too many,
 * the oldest of the network that has most of them makes room: whoever begins thousands pushes out their own, and people
 * who come one by one are not touched.
 */
export interface WaitingBrowsers {
  /** Whoever is pushed out by it is forgotten. */
  add(browser: WaitingBrowser): void;
  /** It came back. */
  remove(binding: string): void;
}

export interface WaitingBrowser {
  binding: string;
  /** See `networkOf`. */
  network: string;
  /** Of a browser in which nobody is signed in; such a session goes with the sign-in. */
  sessionId: string | undefined;
}

interface Waiting extends WaitingBrowser {
  addedAt: number;
}

/**
 * @param options.max         of this process; with several, each keeps as many
 * @param options.lifetimeMs  after which nobody is expected back
 * @param options.forget      removes what the store holds of a browser; never throws
 */
export function createWaitingBrowsers(options: {
  max: number;
  lifetimeMs: number;
  now: () => number;
  forget: (browser: WaitingBrowser) => void;
}): WaitingBrowsers {
  const { max, lifetimeMs, now, forget } = options;
  /** The oldest first. */
  const all = new Map<string, Waiting>();
  const ofNetwork = new Map<string, Set<string>>();
  /** Networks by how many they have waiting, so that the greatest is found without looking at all of them. */
  const networksWith = new Map<number, Set<string>>();
  let most = 0;

  function move(network: string, from: number, to: number): void {
    const before = networksWith.get(from);
    before?.delete(network);
    if (before?.size === 0) networksWith.delete(from);
    if (to > 0) networksWith.set(to, (networksWith.get(to) ?? new Set()).add(network));
    most = to > most ? to : most;
    while (most > 0 && !networksWith.has(most)) most -= 1;
  }

  function remove(binding: string): Waiting | undefined {
    const browser = all.get(binding);
    if (browser === undefined) return undefined;
    all.delete(binding);
    const others = ofNetwork.get(browser.network);
    if (others === undefined) return browser;
    move(browser.network, others.size, others.size - 1);
    others.delete(binding);
    if (others.size === 0) ofNetwork.delete(browser.network);
    return browser;
  }

  function removeLapsed(): void {
    for (const [binding, { addedAt }] of all) {
      if (now() - addedAt < lifetimeMs) return;
      remove(binding);
    }
  }

  function makeRoom(): void {
    const [network] = networksWith.get(most) ?? [];
    const [oldest] = ofNetwork.get(network ?? '') ?? [];
    const pushedOut = oldest === undefined ? undefined : remove(oldest);
    if (pushedOut) forget(pushedOut);
  }

  return {
    add(browser) {
      remove(browser.binding);
      removeLapsed();
      if (all.size >= max) makeRoom();
      all.set(browser.binding, { ...browser, addedAt: now() });
      const others = ofNetwork.get(browser.network) ?? new Set();
      move(browser.network, others.size, others.size + 1);
      ofNetwork.set(browser.network, others.add(browser.binding));
    },
    remove: (binding) => void remove(binding),
  };
}
