import type { SignInObserver } from '../auth/redirection-endpoint.ts';
import type { LimiterObserver } from '../bitrix24/limits/rate-limiter.ts';
import type { ExportObserver } from '../exports/jobs/work.ts';
import type { CallObserver } from '../http-client/call-observer.ts';
import type { AnswerObserver } from '../portal-client/answer-cache.ts';
import type { RefreshObserver } from '../vault/token-refresher.ts';
import type { RequestObserver } from '../web/request-observer.ts';

/** A listener for each module that tells what happens, in that module's words. The modules do not know of metrics. */
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
