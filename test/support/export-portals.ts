import { NO_LIMIT_RECORD } from '../../src/bitrix24/limits/limit-record.ts';
import type {
  createRateLimiter,
  LimitedPortal,
  RateLimiter,
} from '../../src/bitrix24/limits/rate-limiter.ts';
import { createRestClient } from '../../src/bitrix24/rest/rest-client.ts';
import type { RestAccess } from '../../src/bitrix24/rest/rest-types.ts';
import type { Portals } from '../../src/exports/jobs/gathering-progress.ts';
import type { HttpClient } from '../../src/http-client/http-client.ts';

/** A portal as exports ask it, with a token that never needs to be renewed. */
export function portalsWith(options: {
  http: HttpClient;
  limiter: RateLimiter;
  accessOf: (userId: number) => RestAccess;
}): Portals {
  const { http, limiter, accessOf } = options;
  return {
    clientFor({ owner }, signal) {
      const access = accessOf(owner.userId);
      const { host, hostname } = new URL(access.clientEndpoint);
      const portal: LimitedPortal = { memberId: owner.memberId, host, hostname };
      const priority = { kind: 'background', maxWaitMs: Number.POSITIVE_INFINITY, signal } as const;
      return createRestClient({
        http,
        tokens: { current: async () => access, renewed: async () => access },
        limits: { limiter, portal, priority },
      });
    },
    forecastFor: async () => null,
  };
}

/** For portals that limit nothing. */
export const NO_LIMITS: Parameters<typeof createRateLimiter>[0] = {
  records: { change: async (_memberId, decide) => decide(NO_LIMIT_RECORD, Date.now()).result },
  limits: { of: () => undefined },
};
