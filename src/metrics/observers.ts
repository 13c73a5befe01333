import type { AnswerObserver } from '../answers/answer-cache.ts';
import type { LimiterObserver } from '../bitrix24/rate-limiter.ts';
import type { CallObserver } from '../call-observer.ts';
import type { ExportObserver } from '../exports/work.ts';
import type { RefreshObserver } from '../vault/token-refresh.ts';
import type { RequestObserver } from '../web/request-observer.ts';
import type { SignInObserver } from '../web/sign-in.ts';

/** All that is told of what happens, in the words of those who tell it. They do not know who listens. */
export interface Observers {
  request: RequestObserver;
  signIn: SignInObserver;
  /** @param limit  which of our limits on visitors, one of few: never an address */
  visitorRefused: (limit: string) => void;
  answer: AnswerObserver;
  refreshes: RefreshObserver;
  limiter: LimiterObserver;
  restCall: CallObserver;
  tokenCall: CallObserver;
  exports: ExportObserver;
}
