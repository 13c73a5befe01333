import { toPhpJson } from './php-json.ts';

/** A response, before a fault changes it. */
export interface Answer {
  status: number;
  headers: Record<string, string | string[]>;
  body: string;
  /** The `error` of the body, for the request record. An empty string is an error too (section 7.3). */
  error?: string;
  /** Milliseconds that the simulated portal works on this answer, in addition to the real time. */
  busyMs?: number;
}

export function htmlAnswer(page: string, headers: Answer['headers'] = {}): Answer {
  return { status: 200, headers: { 'content-type': 'text/html; charset=utf-8', ...headers }, body: page };
}

export function jsonAnswer(status: number, value: unknown, headers: Answer['headers'] = {}): Answer {
  return { status, headers: { 'content-type': 'application/json', ...headers }, body: toPhpJson(value) };
}

export function redirectAnswer(status: number, location: string, headers: Answer['headers'] = {}): Answer {
  return { status, headers: { location, ...headers }, body: '' };
}

export function notFoundAnswer(page: string): Answer {
  return { ...htmlAnswer(page), status: 404 };
}
