import type { PhpValue } from '../wire/php-params.ts';

export type RequestKind = 'authorize' | 'login' | 'token' | 'rest' | 'page' | 'control';

/** What the emulator remembers about a request. Secrets are masked: `…` and their last four characters. */
export interface RecordedRequest {
  id: number;
  at: Date;
  kind: RequestKind;
  /** The portal's host; for the authorization server's requests the portal the code or token belongs to. */
  portal?: string;
  memberId?: string;
  /** The Host header: which of the servers was asked, under which name. */
  host: string;
  httpMethod: string;
  /** Without the query. */
  path: string;
  /** As in the path, lower case, without `.json`. */
  restMethod?: string;
  /** Method names of a batch, in order. */
  commands?: string[];
  grantType?: string;
  clientId?: string;
  userId?: number;
  /** Empty once 1,000 requests came after it. */
  params: Record<string, PhpValue>;
  /** null while unanswered, and for good when the connection was dropped. */
  status: number | null;
  /** The `error` of the answer; Bitrix24 has empty ones too. */
  error?: string;
  durationMs: number;
  headers: Record<string, string>;
  /** Where the access token was. */
  tokenIn?: 'header' | 'body' | 'query';
}

/** What a route knows about a request before it is carried out. */
export type AboutRequest = Partial<
  Pick<
    RecordedRequest,
    'portal' | 'memberId' | 'restMethod' | 'commands' | 'grantType' | 'clientId' | 'userId' | 'tokenIn'
  >
>;
