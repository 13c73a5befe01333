import { DEMO_CLIENT, type EmulatorOptions, startEmulator } from '../emulator/index.ts';

/**
 * An emulated Bitrix24 for one bench run, in a process of its own so that its work is not counted as anybody else's. Takes
 * its options as JSON, and says over the channel to its parent where it is and whatever it is asked.
 */
const { latencyMs, redirectUri, ...options } = JSON.parse(process.argv[2] ?? '{}') as EmulatorOptions & {
  latencyMs?: number;
  redirectUri?: string;
};
const emulator = await startEmulator({
  ...options,
  ...(redirectUri === undefined ? {} : { clients: [{ ...DEMO_CLIENT, redirectUri }] }),
});
if (latencyMs !== undefined) {
  const effect = { type: 'delay', ms: latencyMs, when: 'after' } as const;
  emulator.orderFault({ on: 'rest', times: Number.POSITIVE_INFINITY, effect });
}

const [portal] = emulator.portals;
const { clientId, clientSecret } = DEMO_CLIENT;
const answers: Record<string, (value: number) => unknown> = {
  where: () => ({
    portal: portal?.origin,
    memberId: portal?.memberId,
    authorizationServer: emulator.authorizationServer,
    clientId,
    clientSecret,
  }),
  tokens: (userId) => portal?.issueTokens({ clientId, userId }),
  cost: () => emulator.cost(),
  resetCost: () => emulator.resetCost(),
  /** One code each for as many portal users. */
  codes: (count) =>
    Array.from({ length: count }, (_, index) => portal?.issueCode({ clientId, userId: index + 1 })),
  /** When whose code was exchanged. */
  exchanges: () =>
    emulator.requests
      .filter(({ kind }) => kind === 'token')
      .map(({ userId, at }) => ({ userId, at: at.getTime() })),
  clearRequests: () => emulator.clearRequests(),
  asked: () => emulator.requests.filter(({ kind }) => kind === 'rest').length,
};
process.on('message', ({ id, ask, value }: { id: number; ask: string; value: number }) =>
  process.send?.({ id, answer: answers[ask]?.(value) ?? null }),
);
process.once('disconnect', () => void emulator.stop().then(() => process.exit(0)));
process.send?.({ id: 0, answer: null });
