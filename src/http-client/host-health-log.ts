import type { Logger } from '../log.ts';
import type { CircuitObserver } from './circuit-breaker.ts';

/** One line when a host begins to fail and one when it answers again, however many requests fail in between. */
export function hostHealthLog(logger: Logger): CircuitObserver {
  return {
    opened: (origin, err) =>
      logger.warn({ origin, err }, 'a host fails; it is asked once a second from now on'),
    closed: (origin) => logger.warn({ origin }, 'a host answers again'),
  };
}
