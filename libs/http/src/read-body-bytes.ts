import { DomainError } from '@lib/primitives';

/**
 * A body that arrives as a stream, in memory.
 * @throws DomainError `too_large` (413) as soon as more than `maxBytes` have come
 */
export async function readBodyBytes(body: AsyncIterable<Buffer>, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let total = 0;
  for await (const chunk of body) {
    total += chunk.length;
    if (total > maxBytes) throw fileTooLarge(maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** What is answered to a file that is too large, however it is sent. */
export function fileTooLarge(maxBytes: number): DomainError {
  return new DomainError('too_large', 413, `The file may have up to ${maxBytes} bytes.`, { field: 'file' });
}
