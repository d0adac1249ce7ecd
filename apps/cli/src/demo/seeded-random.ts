/** Numbers in [0, 1) that depend on the seed alone (xorshift32): the same demo everywhere. */
export class SeededRandom {
  private state: number;

  constructor(seed: string) {
    let hash = 2_166_136_261;
    for (const char of seed) hash = Math.imul(hash ^ char.charCodeAt(0), 16_777_619);
    this.state = hash | 1;
  }

  next(): number {
    this.state ^= this.state << 13;
    this.state ^= this.state >>> 17;
    this.state ^= this.state << 5;
    return (this.state >>> 0) / 4_294_967_296;
  }

  /** A whole number in [0, below). */
  below(below: number): number {
    return Math.floor(this.next() * below);
  }

  /** One of `choices`; earlier ones come up more often. */
  pick<T>(choices: readonly [T, ...T[]]): T {
    return choices[Math.floor(this.next() ** 1.6 * choices.length)] ?? choices[0];
  }

  /** A random UUID of version 4. */
  uuid(): string {
    const hex = Array.from({ length: 32 }, () => this.below(16).toString(16));
    hex[12] = '4';
    hex[16] = (8 + this.below(4)).toString(16);
    const text = hex.join('');
    return `${text.slice(0, 8)}-${text.slice(8, 12)}-${text.slice(12, 16)}-${text.slice(16, 20)}-${text.slice(20)}`;
  }
}
