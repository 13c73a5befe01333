import type { AppError } from '../errors.ts';

/** Where the one button of an error page leads. */
export type Action = 'retry' | 'signIn' | 'home' | 'account' | 'companies' | 'exports' | 'publicUrl';

/** The request that failed. */
export interface FailedVisit {
  isSignedIn: boolean;
  /** Its address may be opened again. */
  isGet: boolean;
  isRedirectionEndpoint: boolean;
}

/**
 * Away from an address that fails again: to a page that needs nothing of the portal. `/` would not do for a person who is signed
 * in, because it leads to the list of companies, and so back into the same error.
 */
type Choice = Action | 'away';

/** By code, or by code and reason; what is not here is tried again. */
const CHOICES: Record<string, Choice> = {
  invalid_request: 'companies',
  state_mismatch: 'signIn',
  portal_mismatch: 'away',
  portal_not_allowed: 'away',
  // Another code may be accepted; a refusal of the portal's administrator stays.
  code_refused: 'signIn',
  'code_refused.authorization_error': 'away',
  'code_refused.payment_required': 'away',
  'code_refused.not_installed': 'away',
  'code_refused.user_access_error': 'away',
  'code_refused.invalid_scope': 'away',
  'code_refused.insufficient_scope': 'away',
  sign_in_required: 'signIn',
  'sign_in_required.not_installed': 'away',
  'sign_in_required.dismissed': 'away',
  reconnecting: 'signIn',
  not_found: 'companies',
  access_denied: 'away',
  // The administrator is being asked while the person waits.
  'access_denied.consent_awaited': 'retry',
  cross_origin: 'companies',
  'cross_origin.other_address': 'publicUrl',
  too_many_views: 'companies',
  too_many_exports: 'exports',
  app_misconfigured: 'away',
  portal_refused: 'away',
  'portal_refused.token_not_accepted': 'signIn',
};

/** The action that can succeed, although the one that failed would fail again. */
export function chooseAction({ code, reason }: AppError, visit: FailedVisit): Action {
  const choice = CHOICES[`${code}.${reason}`] ?? CHOICES[code] ?? choiceAt(visit);
  if (choice !== 'away') return choice;
  return visit.isSignedIn ? 'account' : 'home';
}

/** Trying again means the same address, but a code works once: there, it means a new sign-in. */
function choiceAt({ isSignedIn, isGet, isRedirectionEndpoint }: FailedVisit): Choice {
  if (isRedirectionEndpoint) return 'signIn';
  if (isGet) return 'retry';
  return isSignedIn ? 'companies' : 'home';
}
