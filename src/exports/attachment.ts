/**
 * The `Content-Disposition` of a download, with a name in any script, and one of ASCII for programs that read no other
 * (RFC 6266, appendix D).
 *
 * @param fallback  of letters, digits, dots and dashes
 */
export function attachmentHeader(name: string, fallback: string): string {
  return `attachment; filename="${fallback}"; filename*=UTF-8''${encodeValue(name)}`;
}

/** RFC 8187 section 3.2.1: these are the characters that `encodeURIComponent` leaves, and the header may not hold. */
function encodeValue(text: string): string {
  const encoded = encodeURIComponent(text.toWellFormed());
  return encoded.replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}
