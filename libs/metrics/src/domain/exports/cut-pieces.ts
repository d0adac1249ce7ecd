/** Cuts bytes into pieces of at most `size`, without copying. No bytes are no piece. */
export function cutPieces(bytes: Uint8Array, size: number): Uint8Array[] {
  const count = Math.ceil(bytes.length / size);
  return Array.from({ length: count }, (_, n) => bytes.subarray(n * size, (n + 1) * size));
}
