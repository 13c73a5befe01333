import { DEMO_CLIENT, type EmulatorOptions, startEmulator } from '../emulator/index.ts';
import { SELECT } from './readers/reading.ts';

const SELECTED = SELECT.map((field, index) => `&select[${index}]=${field}`).join('');

/**
 * Runs the emulator in a separate process, so that its CPU time is not counted for another process. Options come as
 * JSON in argv; requests of the parent process come over the IPC channel.
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
const methods: Record<string, (value: number) => unknown> = {
  /** Serves pages of the last portal, alternately by `start` and by ID, until V8 has compiled the code. */
  async warmUp(batches) {
    const other = emulator.portals.at(-1);
    const tokens = other?.issueTokens({ clientId, userId: 1 });
    for (let batch = 0; batch < batches; batch += 1) {
      const paging = (page: number) =>
        batch % 2 ? `filter[>ID]=${page * 50}&start=-1` : `start=${page * 50}`;
      const cmd = Array.from(
        { length: 50 },
        (_, page) => `crm.company.list?order[ID]=ASC&${paging(page)}${SELECTED}`,
      );
      await fetch(`${tokens?.clientEndpoint}batch`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ auth: tokens?.accessToken, cmd }),
      }).then((answer) => answer.arrayBuffer());
    }
  },
  addresses: () => ({
    portal: portal?.origin,
    memberId: portal?.memberId,
    authorizationServer: emulator.authorizationServer,
    clientId,
    clientSecret,
  }),
  tokens: (userId) => portal?.issueTokens({ clientId, userId }),
  cost: () => emulator.cost(),
  resetCost: () => emulator.resetCost(),
  /** One code each for users 1 to `count`. */
  codes: (count) =>
    Array.from({ length: count }, (_, index) => portal?.issueCode({ clientId, userId: index + 1 })),
  /** Time and portal user of each token request. */
  exchanges: () =>
    emulator.requests
      .filter(({ kind }) => kind === 'token')
      .map(({ userId, at }) => ({ userId, at: at.getTime() })),
  clearRequests: () => emulator.clearRequests(),
  /** Makes all access tokens expire, so that the application must refresh them. */
  expireAccessTokens: () => portal?.expireAccessTokens(),
  /** Number of token requests by grant type and result, for example `refresh_token 200`. */
  grants: () => {
    const counts: Record<string, number> = {};
    for (const { kind, grantType, status, error } of emulator.requests) {
      if (kind !== 'token') continue;
      const name = `${grantType} ${error ?? status}`;
      counts[name] = (counts[name] ?? 0) + 1;
    }
    return counts;
  },
  restRequestCount: () => emulator.requests.filter(({ kind }) => kind === 'rest').length,
};
process.on('message', async ({ id, method, argument }: { id: number; method: string; argument: number }) =>
  process.send?.({ id, answer: (await methods[method]?.(argument)) ?? null }),
);
process.once('disconnect', () => void emulator.stop().then(() => process.exit(0)));
process.send?.({ id: 0, answer: null });
