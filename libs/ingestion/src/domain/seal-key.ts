import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

/**
 * Encrypts a listener key under the platform's master key: AES-256-GCM, as nonce (12) ‖ tag (16) ‖ ciphertext.
 * @param place what the key belongs to; a sealed key moved elsewhere does not open
 */
export function sealKey(masterKey: Buffer, place: string, key: Buffer): Buffer {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', masterKey, nonce).setAAD(Buffer.from(place));
  const sealed = Buffer.concat([cipher.update(key), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), sealed]);
}

/** Opens what `sealKey` sealed. @throws when the master key or the place is another, or a bit was changed. */
export function openKey(masterKey: Buffer, place: string, sealed: Buffer): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', masterKey, sealed.subarray(0, 12)).setAAD(
    Buffer.from(place),
  );
  decipher.setAuthTag(sealed.subarray(12, 28));
  return Buffer.concat([decipher.update(sealed.subarray(28)), decipher.final()]);
}
