import type { Duplex } from 'node:stream';

/** Headers of an answer that no middleware has seen. */
const HEADERS = [
  'Connection: close',
  'Cache-Control: no-store',
  'Content-Type: text/plain; charset=utf-8',
  "Content-Security-Policy: default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options: nosniff',
  'Referrer-Policy: no-referrer',
];
/** By what Node calls it. */
const STATUS: Record<string, string> = {
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: '413 Content Too Large',
};
const HSTS = 'Strict-Transport-Security: max-age=31536000; includeSubDomains';

/**
 * Answers what Node cannot read as a request, or has waited for long enough, and ends the connection. No page: whoever
 * sends such a thing is no browser.
 *
 * @returns a listener for `clientError`
 */
export function answerMalformed({ isSecure }: { isSecure: boolean }) {
  return (error: Error & { code?: string }, socket: Duplex): void => {
    if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
    const text = STATUS[error.code ?? ''] ?? '400 Bad Request';
    const headers = [...HEADERS, ...(isSecure ? [HSTS] : []), `Content-Length: ${text.length + 1}`];
    socket.end(`HTTP/1.1 ${text}\r\n${headers.join('\r\n')}\r\n\r\n${text}\n`);
    // Whoever goes on sending, or never reads, does not keep the connection open.
    socket.once('finish', () => socket.destroy());
  };
}
