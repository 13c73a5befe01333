import type { Switches } from '../options.ts';
import { type Answer, jsonAnswer } from '../wire/answer.ts';

/** Thrown when a REST call is refused; becomes an answer with `error`. */
export class RestRefusal extends Error {
  readonly code: string;
  readonly description: string;
  /** undefined: the status tables decide by code. */
  readonly status: number | undefined;
  /** Further keys of the answer, such as `argument`. */
  readonly extra: Record<string, string>;

  constructor(code: string, description: string, status?: number, extra: Record<string, string> = {}) {
    super(`${code}: ${description}`);
    this.code = code;
    this.description = description;
    this.status = status;
    this.extra = extra;
  }
}

/** An error of a `crm.*` method: status 400 and an empty code; only the description differs (section 7.3). */
export function crmRefusal(description: string): RestRefusal {
  return new RestRefusal('', description, 400);
}

/** Section 3.3: in portal code every authorization error is 401. */
const STATUS_IN_CODE = 401;

/** Statuses of the documents (sections 3.3 and 4), where they differ; other codes have status 401. */
const STATUS_IN_DOCUMENTS: Record<string, number> = {
  insufficient_scope: 403,
  INVALID_CREDENTIALS: 403,
  user_access_error: 403,
  ACCESS_DENIED: 403,
  OVERLOAD_LIMIT: 503,
};

export function statusOf(refusal: RestRefusal, column: Switches['restStatuses']): number {
  if (refusal.status !== undefined) return refusal.status;
  return column === 'documents' ? (STATUS_IN_DOCUMENTS[refusal.code] ?? STATUS_IN_CODE) : STATUS_IN_CODE;
}

/** `{error, error_description}`, and no `time` (section 4). */
export function refusalAnswer(refusal: RestRefusal, column: Switches['restStatuses']): Answer {
  const { code, description, extra } = refusal;
  const body = { error: code, error_description: description, ...extra };
  return { ...jsonAnswer(statusOf(refusal, column), body), error: code };
}
