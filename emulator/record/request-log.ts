import { maskSecret, maskSecretsIn } from '../secrets.ts';
import type { HttpRequest } from '../wire/http-request.ts';
import { isPhpArray, type PhpArray, type PhpValue } from '../wire/php-params.ts';
import type { AboutRequest, RecordedRequest, RequestKind } from './recorded-request.ts';

/** Limits memory when a demo runs for weeks; tests send fewer requests. */
const REMEMBERED_REQUESTS = 10_000;
/** A batch of fifty long commands is about 20 kB, so parameters are dropped earlier than the rest of the record. */
const REMEMBERED_PARAMS = 1_000;

const SECRET_PARAMS = new Set(['access_token', 'auth', 'client_secret', 'code', 'password', 'refresh_token']);

/** Recorded requests, oldest first. */
export class RequestLog {
  /** Always the same array object, so a caller that holds it sees new requests. */
  readonly requests: RecordedRequest[] = [];
  #lastId = 0;

  begin(kind: RequestKind, httpRequest: HttpRequest, about: AboutRequest): RecordedRequest {
    this.#lastId += 1;
    const request: RecordedRequest = {
      id: this.#lastId,
      at: new Date(),
      kind,
      ...about,
      host: httpRequest.headers.host ?? '',
      httpMethod: httpRequest.httpMethod,
      path: httpRequest.target.split('?', 1)[0] ?? '/',
      params: maskParams({
        ...httpRequest.query,
        ...httpRequest.form,
        ...httpRequest.json,
        ...httpRequest.plain,
      }),
      status: null,
      durationMs: 0,
      headers: selectHeaders(httpRequest),
    };
    this.requests.push(request);
    const old = this.requests.at(-1 - REMEMBERED_PARAMS);
    if (old) old.params = {};
    if (this.requests.length > REMEMBERED_REQUESTS) this.requests.splice(0, REMEMBERED_REQUESTS / 10);
    return request;
  }

  clear(): void {
    this.requests.length = 0;
  }
}

function selectHeaders({ headers }: HttpRequest): Record<string, string> {
  const kept = ['user-agent', 'content-type', 'accept'].map((name) => [name, headers[name]] as const);
  return Object.fromEntries(kept.filter((pair): pair is [string, string] => typeof pair[1] === 'string'));
}

function maskParams(params: PhpArray): Record<string, PhpValue> {
  return Object.fromEntries(Object.entries(params).map(([name, value]) => [name, maskParam(name, value)]));
}

function maskParam(name: string, value: PhpValue): PhpValue {
  if (Array.isArray(value)) return value.map((item) => maskParam(name, item));
  if (isPhpArray(value)) return maskParams(value);
  if (typeof value !== 'string') return value;
  return SECRET_PARAMS.has(name.toLowerCase()) ? maskSecret(value) : maskSecretsIn(value);
}
