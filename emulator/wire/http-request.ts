import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';

import { collectPhpParams, isPhpArray, type PhpArray, type PhpValue, parsePhpParams } from './php-params.ts';

/** A complete HTTP request, with its parameters as PHP code would see them. */
export interface HttpRequest {
  httpMethod: string;
  /** Without the query, as the portal's router sees it: `/rest//profile` is `/rest/profile`. */
  path: string;
  /** Path and query of the request line, unchanged. */
  target: string;
  /** Host header without the port, lower case: selects the portal. */
  host: string;
  headers: IncomingHttpHeaders;
  remoteAddress: string;
  query: PhpArray;
  /** Parameters of a form or multipart body; empty for any other kind. */
  form: PhpArray;
  /** Parameters of a JSON body; empty for any other body and for invalid JSON, which Bitrix24 ignores (section 4). */
  json: PhpArray;
  /** Parameters of a body with any other content type, which REST reads like a form. */
  plain: PhpArray;
  cookies: ReadonlyMap<string, string>;
}

/** Far above what the application sends; a larger body means that the test is wrong. */
const MAX_BODY_BYTES = 16 * 1024 * 1024;

export async function readHttpRequest(req: IncomingMessage): Promise<HttpRequest> {
  const target = req.url ?? '/';
  const [rawPath = '/', search = ''] = splitOnce(target, '?');
  const body = await readBody(req);
  const contentType = req.headers['content-type'] ?? '';
  const httpMethod = req.method ?? 'GET';

  return {
    httpMethod,
    path: rawPath.replace(/\/{2,}/g, '/'),
    target,
    host: hostWithoutPort(req.headers.host ?? ''),
    headers: req.headers,
    remoteAddress: req.socket.remoteAddress ?? '',
    query: parsePhpParams(search),
    form: await parseForm(body, contentType),
    json: httpMethod === 'POST' ? parseJson(body, contentType) : {},
    plain: httpMethod === 'POST' ? parsePlain(body, contentType) : {},
    cookies: parseCookies(req.headers.cookie ?? ''),
  };
}

async function readBody(req: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of req as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) throw new Error(`the request body is larger than ${MAX_BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function parseForm(body: Buffer, contentType: string): Promise<PhpArray> {
  if (contentType.startsWith('application/x-www-form-urlencoded'))
    return parsePhpParams(body.toString('utf8'));
  if (!contentType.startsWith('multipart/form-data')) return {};
  try {
    const fields = await new Response(body, { headers: { 'content-type': contentType } }).formData();
    const texts = [...fields].filter((field): field is [string, string] => typeof field[1] === 'string');
    return collectPhpParams(texts);
  } catch {
    return {};
  }
}

function parseJson(body: Buffer, contentType: string): PhpArray {
  if (!contentType.startsWith('application/json')) return {};
  try {
    const parsed = JSON.parse(body.toString('utf8')) as PhpValue;
    return isPhpArray(parsed) ? parsed : {};
  } catch {
    return {};
  }
}

const KNOWN_TYPES = ['application/json', 'application/x-www-form-urlencoded', 'multipart/form-data'];

function parsePlain(body: Buffer, contentType: string): PhpArray {
  if (KNOWN_TYPES.some((type) => contentType.startsWith(type))) return {};
  return parsePhpParams(body.toString('utf8'));
}

/** `localhost:8051` → `localhost`; `[::1]:8051` → `::1`. */
export function hostWithoutPort(host: string): string {
  return host
    .replace(/:\d+$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .toLowerCase();
}

function parseCookies(header: string): Map<string, string> {
  return new Map(
    header
      .split(';')
      .map((pair) => splitOnce(pair.trim(), '='))
      .filter((pair): pair is [string, string] => pair.length === 2),
  );
}

function splitOnce(text: string, separator: string): [string] | [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + separator.length)];
}
