import { randomBytes } from 'node:crypto';

import { toUnixSeconds } from './clock.ts';

/**
 * Twelve hex digits that every code, access token and refresh token of the emulator contains.
 *
 * A test can find any leaked secret when it searches Redis, disk, logs and pages for this one string.
 */
export const SECRET_MARK = 'c0ffeeca11ed';

const RANDOM_DIGITS_BEFORE_MARK = 24;
const RANDOM_DIGITS_AFTER_MARK = 26;

/**
 * A new code or token in the real format: about 70 lower-case hex digits, of which the first eight are the expiry as
 * Unix seconds in little endian (section 1.4). Clients must not rely on this.
 */
export function newSecret(expiresAtMs: number): string {
  const expiry = Buffer.alloc(4);
  expiry.writeUInt32LE(toUnixSeconds(expiresAtMs) >>> 0);
  return [
    expiry.toString('hex'),
    randomHex(RANDOM_DIGITS_BEFORE_MARK),
    SECRET_MARK,
    randomHex(RANDOM_DIGITS_AFTER_MARK),
  ].join('');
}

export function randomHex(digits: number): string {
  return randomBytes(Math.ceil(digits / 2))
    .toString('hex')
    .slice(0, digits);
}

const SHOWN_CHARACTERS = 4;

/**
 * Masks a secret for records and printed lines: the last four characters tell two secrets apart, but are too few to
 * use.
 */
export function maskSecret(secret: string): string {
  return secret.length > SHOWN_CHARACTERS * 2 ? `…${secret.slice(-SHOWN_CHARACTERS)}` : '…';
}

const SECRET_IN_TEXT = new RegExp(`[0-9a-f]*${SECRET_MARK}[0-9a-f]*`, 'g');

/** Masks codes and tokens of the emulator inside a text, such as a batch command or a redirect address. */
export function maskSecretsIn(text: string): string {
  return text.includes(SECRET_MARK) ? text.replace(SECRET_IN_TEXT, maskSecret) : text;
}
