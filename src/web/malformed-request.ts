import type { Duplex } from 'node:stream';

/** No middleware adds headers to this answer. */
const HEADERS = [
  'Connection: close',
  'Cache-Control: no-store',
  'Content-Type: text/plain; charset=utf-8',
  "Content-Security-Policy: default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options: nosniff',
  'Referrer-Policy: no-referrer',
];
/** By the error code of Node. */
const STATUS: Record<string, string> = {
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: '413 Content Too Large',
};
const HSTS = 'Strict-Transport-Security: max-age=31536000; includeSubDomains';

/**
 * Answers a request that Node cannot parse, or that did not come in time, and ends the connection. With a line of text, not
 * a page: such clients are no browsers.
 *
 * @returns a listener for `clientError`
 */
export function answerMalformed({ isSecure }: { isSecure: boolean }) {
  return (error: Error & { code?: string }, socket: Duplex): void => {
    if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
    const text = STATUS[error.code ?? ''] ?? '400 Bad Request';
    const headers = [...HEADERS, ...(isSecure ? [HSTS] : []), `Content-Length: ${text.length + 1}`];
    socket.end(`HTTP/1.1 ${text}\r\n${headers.join('\r\n')}\r\n\r\n${text}\n`);
    // A client that goes on sending, or never reads, must not keep the connection open.
    socket.once('finish', () => socket.destroy());
  };
}
