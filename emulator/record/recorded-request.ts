import type { PhpValue } from '../wire/php-params.ts';

export type RequestKind = 'authorize' | 'login' | 'token' | 'rest' | 'page' | 'control';

/** What the emulator records about a request. Secrets are masked: `…` and their last four characters. */
export interface RecordedRequest {
  id: number;
  at: Date;
  kind: RequestKind;
  /** Host of the portal. For the authorization server: host of the portal that the code or token belongs to. */
  portal?: string;
  memberId?: string;
  /** The Host header, with port. */
  host: string;
  httpMethod: string;
  /** As the client wrote it, without the query. */
  path: string;
  /** Method name of the path, lower case, without `.json`. */
  restMethod?: string;
  /** Method names of a batch, in order. */
  commands?: string[];
  grantType?: string;
  clientId?: string;
  userId?: number;
  /** Becomes empty after 1,000 further requests. */
  params: Record<string, PhpValue>;
  /** null until the answer is sent; stays null if the connection was dropped. */
  status: number | null;
  /** The `error` of the answer; Bitrix24 also sends empty ones. */
  error?: string;
  durationMs: number;
  headers: Record<string, string>;
  /** Where the access token was. */
  tokenIn?: 'header' | 'body' | 'query';
}

/** What the routing function knows about a request before it is performed. */
export type AboutRequest = Partial<
  Pick<
    RecordedRequest,
    'portal' | 'memberId' | 'restMethod' | 'commands' | 'grantType' | 'clientId' | 'userId' | 'tokenIn'
  >
>;
