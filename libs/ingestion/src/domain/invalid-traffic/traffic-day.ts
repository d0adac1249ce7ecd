/**
 * What one address did on one UTC day, under its id of that day. Requests, and the episodes that were asked for, are of all
 * download requests for episodes, whatever a rule said of them; downloads, and what is told of them, are those that were
 * shown under that day. Only of an address with such downloads: of others there is nothing to leave out.
 */
export interface AddressDay {
  readonly addressId: string;
  readonly requests: number;
  readonly downloads: number;
  /** Different user agents of its downloads. */
  readonly agents: number;
  /** The most different episodes that it asked for within 10 minutes, `[t, t + 10 min)`, wherever they begin. */
  readonly episodesIn10Minutes: number;
  /** Downloads that stopped within one part in a thousand above the threshold of their episode. */
  readonly atThreshold: number;
}

/** What was downloaded of one podcast on one UTC day. */
export interface PodcastDay {
  readonly podcastId: string;
  /** By hour of the UTC day: 24 numbers. */
  readonly hours: readonly number[];
  /** Downloads by app. */
  readonly apps: ReadonlyMap<string, number>;
  /** Downloads by app over the 28 days before. */
  readonly usualApps: ReadonlyMap<string, number>;
}

/** Traffic that looks as if no people made it. It changes no number: a person decides. */
export interface Suspicion {
  readonly detector:
    'episodes_per_address' | 'agents_per_address' | 'exact_threshold' | 'flat_hours' | 'app_mix';
  /** `address …` or `podcast …`; with the day and the detector it names the finding. */
  readonly subject: string;
  readonly addressId: string | null;
  readonly podcastId: string | null;
  readonly requests: number;
  readonly downloads: number;
  /** The figures that made it suspicious. */
  readonly evidence: Readonly<Record<string, number | string>>;
}
