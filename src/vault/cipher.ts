import { createHash, webcrypto } from 'node:crypto';
import { FlattenedEncrypt, type FlattenedJWE, flattenedDecrypt } from 'jose';

/** Seals text so that it opens only with our keys and only in the place it was sealed for. */
export interface Cipher {
  /**
   * @param context  where the text belongs; authenticated but not stored, so a record moved elsewhere does not open
   */
  seal(text: string, context: string): Promise<string>;
  /** @throws {UnsealError} another key, another context, or not something we sealed */
  open(sealed: string, context: string): Promise<string>;
  /** With which key this was sealed; `missing` is one that is not (or no more, or not yet) in our ring. */
  keyOf(sealed: string): 'newest' | 'older' | 'missing' | 'none';
}

/** What was stored does not open. Says nothing about why, because the reasons look alike on purpose. */
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
  // Imported once: for each text anew, that takes as long as sealing it.
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
      // Decoders of base64 forgive what stands around it, and bits that are too many; a record that was touched shall not open.
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

/** @returns  a failure for one that is not of 32 bytes: whoever seals or opens with it hears of it */
function importKey(key: Uint8Array): Promise<webcrypto.CryptoKey> {
  const imported = webcrypto.subtle.importKey('raw', key, 'AES-GCM', false, ['encrypt', 'decrypt']);
  // Whoever needs it hears of the failure.
  imported.catch(() => {});
  return imported;
}

/** Whether this is how its bytes are written: the last letter may have bits to spare, which say nothing. */
function isCanonical(base64url: string): boolean {
  return Buffer.from(base64url, 'base64url').toString('base64url') === base64url;
}

/** Names a key without telling anything about it. */
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
