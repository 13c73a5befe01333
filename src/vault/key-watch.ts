import type { Logger } from '../log.ts';

/** Told of a record that is sealed with a key that this process does not have. */
export type MissingKeyObserver = () => void;

/** One line for the life of the process: a wrong TOKEN_KEYS concerns the records of all users alike. */
export function missingKeyLog(logger: Logger): MissingKeyObserver {
  let isTold = false;
  return () => {
    if (isTold) return;
    isTold = true;
    logger.warn(
      { setting: 'TOKEN_KEYS' },
      'a token record is sealed with a key that TOKEN_KEYS of this replica lacks; these people have to sign in again. Compare TOKEN_KEYS of all replicas; npm run doctor lists the records',
    );
  };
}
