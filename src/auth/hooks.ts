import type { PortalUser } from '../portal-user.ts';
import type { SignedInUser } from './signed-in-user.ts';

/**
 * What other rooms want to know of sign-ins. A request that signs out or forgets awaits the listeners, so that its answer is
 * true.
 */
export interface AuthHooks {
  onSignedIn(listener: (user: SignedInUser) => unknown): void;
  /** The user signed out of this browser, or of all: nothing that was read for them is shown again. */
  onSignedOut(listener: (user: SignedInUser) => unknown): void;
  /** The tokens of the user are deleted: whatever else is kept about them goes too. */
  onForgotten(listener: (user: PortalUser) => unknown): void;
}

/** The side that fires. */
export interface AuthEvents {
  signedIn(user: SignedInUser): Promise<void>;
  signedOut(user: SignedInUser): Promise<void>;
  forgotten(user: PortalUser): Promise<void>;
}

export function createAuthHooks(): AuthHooks & AuthEvents {
  const signedIn = listeners<SignedInUser>();
  const signedOut = listeners<SignedInUser>();
  const forgotten = listeners<PortalUser>();
  return {
    onSignedIn: signedIn.add,
    onSignedOut: signedOut.add,
    onForgotten: forgotten.add,
    signedIn: signedIn.tell,
    signedOut: signedOut.tell,
    forgotten: forgotten.tell,
  };
}

function listeners<T>() {
  const all: ((value: T) => unknown)[] = [];
  return {
    add(listener: (value: T) => unknown): void {
      all.push(listener);
    },
    async tell(value: T): Promise<void> {
      await Promise.all(all.map((listener) => listener(value)));
    },
  };
}
