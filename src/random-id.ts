import { randomBytes } from 'node:crypto';

/**
 * An unguessable text in base64url, which needs no escaping in addresses, cookies and keys.
 *
 * @param bytes  of randomness: 16 and more for what lets a browser in
 */
export function randomId(bytes: number): string {
  return randomBytes(bytes).toString('base64url');
}
