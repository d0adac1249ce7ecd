/**
 * When two requests of one listener for one episode belong to one download (PTMG v2.3 §5.5.1, IAB-03):
 *
 * - `calendar_day`: on the same UTC day;
 * - `first_touch`: less than 24 hours after the request that opened the window;
 * - `last_touch`: less than 24 hours after the request before it.
 */
export const DOWNLOAD_WINDOWS = ['calendar_day', 'first_touch', 'last_touch'] as const;
export type DownloadWindow = (typeof DOWNLOAD_WINDOWS)[number];

/**
 * Whether the bytes in front of the content (ID3 tags with artwork and the like) are part of the threshold.
 *
 * - `required`: threshold = header + one minute of content, whichever bytes were served (PTMG v2.3 §5.5.3, IAB-17);
 * - `content_only`: one minute of content, and bytes of the header do not help. Fair to players that keep the header and
 *   resume in the middle. Where PTMG demands the whole file, both demand the header too (IAB-18).
 */
export type HeaderPolicy = 'required' | 'content_only';

/**
 * The kind of network an address belongs to. `relay` and `tor` hide real people among others, so they are kinds of
 * their own and not `vpn`.
 */
export type NetworkClass =
  'household' | 'mobile' | 'business' | 'campus' | 'hosting' | 'vpn' | 'relay' | 'tor' | 'unknown';

/** A list of the operator that names an address: included ones are free of limits on volume, excluded ones never count. */
export type AddressListing = 'included' | 'excluded';

/** What decides how requests become downloads. Part of an immutable rule set; every value is disclosed (IAB-26). */
export interface CountingRules {
  readonly window: DownloadWindow;
  /** Seconds of content that make a download: 60 in PTMG. Null: any byte does, to compare with counters without the rule. */
  readonly contentSeconds: number | null;
  readonly header: HeaderPolicy;
  /** Requests by one address on one UTC day that still count; with one more, none of them does. Null: no limit (IAB-07). */
  readonly requestsPerAddressDay: number | null;
  /** Different episodes that one listener may ask for within so many minutes. Null: no limit. */
  readonly breadth: { readonly episodes: number; readonly minutes: number } | null;
  /** Networks whose requests are filtered (IAB-08). */
  readonly filteredNetworks: readonly (NetworkClass & ('hosting' | 'vpn' | 'relay' | 'tor'))[];
}

/** PTMG v2.3 where it speaks, our defaults where it leaves the choice: UTC days, the breadth rule, no volume limit. */
export const DEFAULT_COUNTING_RULES: CountingRules = {
  window: 'calendar_day',
  contentSeconds: 60,
  header: 'required',
  requestsPerAddressDay: null,
  breadth: { episodes: 30, minutes: 10 },
  filteredNetworks: ['hosting', 'vpn'],
};
