const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const SEXTETS = new Map(Array.from(ALPHABET, (letter, value) => [letter, value]));

/** Reads numbers of some bits, the highest first, from text in base64url. Behind the end are zeros, and `isOverrun` is set. */
export class BitReader {
  private at = 0;

  private constructor(private readonly sextets: Uint8Array) {}

  /** Undefined when there is no text, or it is not base64url. Padding is none. */
  static of(text: string): BitReader | undefined {
    if (text === '') return undefined;
    const sextets = new Uint8Array(text.length);
    for (let index = 0; index < text.length; index += 1) {
      const value = SEXTETS.get(text.charAt(index));
      if (value === undefined) return undefined;
      sextets[index] = value;
    }
    return new BitReader(sextets);
  }

  /** The place of the next bit. */
  get position(): number {
    return this.at;
  }

  /** Whether more was read or skipped than there is. */
  get isOverrun(): boolean {
    return this.at > this.sextets.length * 6;
  }

  flag(): boolean {
    this.at += 1;
    return this.flagAt(this.at - 1);
  }

  flagAt(position: number): boolean {
    const sextet = this.sextets[Math.floor(position / 6)] ?? 0;
    return ((sextet >> (5 - (position % 6))) & 1) === 1;
  }

  /** @param bits at most 53 */
  number(bits: number): number {
    let value = 0;
    for (let left = bits; left > 0; left -= 1) value = value * 2 + (this.flag() ? 1 : 0);
    return value;
  }

  skip(bits: number): void {
    this.at += bits;
  }
}
