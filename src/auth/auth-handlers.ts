import type { RequestHandler } from 'express';
import {
  leaveAccount,
  showAccount,
  signOutBrowser,
  signOutEverywhere,
  switchAccount,
} from './account-page.ts';
import type { Accounts } from './accounts.ts';
import type { CompleteAuthOptions } from './auth-options.ts';
import { startAuthorization, startTypedAuthorization } from './authorization-request.ts';
import type { AuthEvents } from './hooks.ts';
import { createPendingAuthorizations, PENDING_MS } from './pending-authorizations.ts';
import { countRefusals, finishAuthorization } from './redirection-endpoint.ts';
import { showAnotherSignIn, showSignIn } from './sign-in-page.ts';
import type { SignIns } from './sign-ins.ts';
import { signOutHere } from './sign-out.ts';
import type { TokenAccess } from './token-access.ts';
import { createVisitorLimits } from './visitor-limits.ts';
import { createWaitingBrowsers } from './waiting-browsers.ts';

export type AuthHandlers = Record<
  | 'showSignIn'
  | 'startAuthorization'
  | 'startTypedAuthorization'
  | 'finishAuthorization'
  | 'signOut'
  | 'showAccount'
  | 'showAnotherSignIn'
  | 'switchAccount'
  | 'leaveAccount'
  | 'signOutBrowser'
  | 'signOutEverywhere',
  RequestHandler
>;

/** Every route handler of auth, for a host that writes its own table of routes. */
export function createAuthHandlers(
  options: CompleteAuthOptions,
  { vault, tokenEndpoint, portalClients }: TokenAccess,
  { accounts, signIns, events }: { accounts: Accounts; signIns: SignIns; events: AuthEvents },
): AuthHandlers {
  const { clientId, home, signInPage, portals, authorizationServers, store, now, observers } = options;
  const pendingAuthorizations = createPendingAuthorizations({ store, clientId });
  const waitingBrowsers = createWaitingBrowsers({
    max: options.maxWaitingBrowsers,
    lifetimeMs: PENDING_MS,
    now,
    forget({ binding, sessionId }) {
      // A record that cannot be deleted now lapses by itself.
      pendingAuthorizations.forget(binding).catch(() => {});
      if (sessionId !== undefined) options.sessionStore.destroy(sessionId);
    },
  });
  const visitorLimits = createVisitorLimits({ store, clientId, observeRefused: observers.visitorRefused });
  const signInDependencies = { home, portals, accounts };
  const authorizationRequest = {
    clientId,
    home,
    signInPage,
    portals,
    accounts,
    pendingAuthorizations,
    waitingBrowsers,
    visitorLimits,
  };
  const finish = finishAuthorization({
    ...authorizationRequest,
    authorizationServers,
    http: options.http,
    tokenEndpoint,
    vault,
    events,
    portalClients,
    now,
    observeSignIn: observers.signIn,
  });
  const accountPage = { home, portals, portalClients, vault, signIns, accounts, events, now };
  return {
    showSignIn: showSignIn(signInDependencies),
    startAuthorization: startAuthorization(authorizationRequest),
    startTypedAuthorization: startTypedAuthorization(authorizationRequest),
    finishAuthorization: countRefusals(visitorLimits, finish),
    signOut: signOutHere({ vault, accounts, events }),
    showAccount: showAccount(accountPage),
    showAnotherSignIn: showAnotherSignIn(signInDependencies),
    switchAccount: switchAccount(accountPage),
    leaveAccount: leaveAccount(accountPage),
    signOutBrowser: signOutBrowser(accountPage),
    signOutEverywhere: signOutEverywhere(accountPage),
  };
}
