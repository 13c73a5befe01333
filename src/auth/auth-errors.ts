import { AppError } from '../errors.ts';

/** The request needs a signed-in user, and its session has none. */
export class SignInRequiredError extends AppError {
  constructor() {
    super('the session has no signed-in user', {
      code: 'sign_in_required',
      status: 401,
      reason: 'no_session',
    });
  }
}
