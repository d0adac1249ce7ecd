/** Bounds of a feed; one that goes beyond any of them is refused as a whole. */
export interface FeedLimits {
  /** Size after decompression, in bytes. */
  readonly maxBytes: number;
  /** Nesting of elements. */
  readonly maxDepth: number;
  readonly maxItems: number;
}

export const FEED_LIMITS: FeedLimits = { maxBytes: 32 * 1024 * 1024, maxDepth: 64, maxItems: 20_000 };
