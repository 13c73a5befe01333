import { createHash, webcrypto } from 'node:crypto';
import { FlattenedEncrypt, type FlattenedJWE, flattenedDecrypt } from 'jose';

/** Seals text so that it opens only with our keys and only in the place that it was sealed for. */
export interface Cipher {
  /**
   * @param context  the place of the text; authenticated but not stored, so a record copied to another key does not open
   */
  seal(text: string, context: string): Promise<string>;
  /** @throws {UnsealError} sealed with another key or for another context, or not sealed by us */
  open(sealed: string, context: string): Promise<string>;
  /** The key that this was sealed with; `missing` is a key that this process does not have (any more, or yet). */
  keyOf(sealed: string): 'newest' | 'older' | 'missing' | 'none';
}

/** A sealed text does not open. The error does not say why: an attacker must not learn the reason. */
export class UnsealError extends Error {
  override name = 'UnsealError';
}

const ENCODER = new TextEncoder();
const SEALED = /^[\w-]+\.[\w-]+\.[\w-]*\.[\w-]+$/;
const DOES_NOT_OPEN = 'the record cannot be opened with our keys, or not in this place';

/**
 * AES-256-GCM through JWE with a direct key (RFC 7516, `dir` + `A256GCM`).
 *
 * @param keys  32 bytes each; the first seals, all open, so that keys can be rotated
 */
export function createCipher(keys: Uint8Array[]): Cipher {
  // Imported once: importing a key takes as long as sealing a text.
  const ring = new Map(keys.map((key) => [keyId(key), importKey(key)]));
  const [newest] = ring;
  if (newest === undefined) throw new Error('a cipher needs at least one key');
  const [newestId, newestKey] = newest;

  return {
    async seal(text, context) {
      const { aad: _notStored, ...jwe } = await new FlattenedEncrypt(ENCODER.encode(text))
        .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid: newestId })
        .setAdditionalAuthenticatedData(ENCODER.encode(context))
        .encrypt(await newestKey);
      return [jwe.protected, jwe.iv, jwe.ciphertext, jwe.tag].join('.');
    },
    async open(sealed, context) {
      // Decoders of base64 ignore foreign characters and surplus bits; a record that was changed must not open.
      const parts = sealed.split('.');
      if (!SEALED.test(sealed) || !parts.every(isCanonical)) throw new UnsealError(DOES_NOT_OPEN);
      const [protectedHeader, iv, ciphertext, tag] = parts;
      const aad = Buffer.from(context).toString('base64url');
      const jwe = { protected: protectedHeader, iv, ciphertext, tag, aad } as FlattenedJWE;
      try {
        const { plaintext } = await flattenedDecrypt(
          jwe,
          (header) => ring.get(String(header?.kid)) ?? new Uint8Array(),
          {
            keyManagementAlgorithms: ['dir'],
            contentEncryptionAlgorithms: ['A256GCM'],
          },
        );
        return new TextDecoder().decode(plaintext);
      } catch {
        throw new UnsealError(DOES_NOT_OPEN);
      }
    },
    keyOf(sealed) {
      const id = readKeyId(sealed);
      if (id === undefined) return 'none';
      if (id === newestId) return 'newest';
      return ring.has(id) ? 'older' : 'missing';
    },
  };
}

/** @returns  a promise that rejects for a key that is not of 32 bytes; `seal` and `open` await it */
function importKey(key: Uint8Array): Promise<webcrypto.CryptoKey> {
  const imported = webcrypto.subtle.importKey('raw', key, 'AES-GCM', false, ['encrypt', 'decrypt']);
  // The awaiting caller gets the rejection; this avoids an unhandledRejection.
  imported.catch(() => {});
  return imported;
}

/** Whether these bytes are written in their one canonical form: the last character may carry bits that decoders ignore. */
function isCanonical(base64url: string): boolean {
  return Buffer.from(base64url, 'base64url').toString('base64url') === base64url;
}

/** An id for a key that says nothing about the key. */
function keyId(key: Uint8Array): string {
  return createHash('sha256').update('key id').update(key).digest('hex').slice(0, 8);
}

function readKeyId(sealed: string): string | undefined {
  try {
    const header = JSON.parse(Buffer.from(sealed.split('.', 1)[0] ?? '', 'base64url').toString());
    return typeof header?.kid === 'string' ? header.kid : undefined;
  } catch {
    return undefined;
  }
}
