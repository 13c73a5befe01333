import { createRateLimiter } from '../bitrix24/limits/rate-limiter.ts';
import { findAllowedEndpoint } from '../bitrix24/portal.ts';
import { createTokenEndpoint, type TokenEndpoint } from '../oauth/token-endpoint.ts';
import { createLimitRecords } from '../portal-client/limit-records.ts';
import { createPortalClients, type PortalClients } from '../portal-client/portal-client.ts';
import { createCipher } from '../vault/cipher.ts';
import { SYSTEM_CLOCK } from '../vault/clock.ts';
import { missingKeyLog } from '../vault/key-watch.ts';
import { createTokenRefresher, type TokenRefresher } from '../vault/token-refresher.ts';
import { createTokenVault, type TokenVault } from '../vault/token-vault.ts';
import type { CompleteAuthOptions } from './auth-options.ts';

/** What keeps, refreshes and uses tokens. */
export interface TokenAccess {
  vault: TokenVault;
  tokenEndpoint: TokenEndpoint;
  tokenRefresher: TokenRefresher;
  portalClients: PortalClients;
}

/** Client secret and token keys go no further than the token endpoint and the cipher that are made here. */
export function createTokenAccess(options: CompleteAuthOptions): TokenAccess {
  const { clientId, clientSecret, portals, authorizationServers, store, http, logger, now, observers } =
    options;
  const vault = createTokenVault({
    store,
    cipher: createCipher(options.tokenKeys),
    observeMissingKey: missingKeyLog(logger),
  });
  const tokenEndpoint = createTokenEndpoint({
    clientId,
    clientSecret,
    http,
    observeCall: observers.tokenCall,
  });
  const tokenRefresher = createTokenRefresher({
    vault,
    tokenEndpoint,
    authorizationServers,
    logger,
    clock: { ...SYSTEM_CLOCK, now },
    exclusiveMs: options.exclusiveMs,
    findEndpoint: (text) => findAllowedEndpoint(text, portals),
    onStoreReturn: (listener) => store.onReturn(listener),
    observer: observers.refreshes,
  });
  const rateLimiter = createRateLimiter({
    records: createLimitRecords(store, clientId),
    limits: options.limits,
    observer: observers.limiter,
  });
  const portalClients = createPortalClients({
    portals,
    tokenRefresher,
    http,
    rateLimiter,
    observeCall: observers.restCall,
  });
  return { vault, tokenEndpoint, tokenRefresher, portalClients };
}
