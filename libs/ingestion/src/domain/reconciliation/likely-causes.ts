import type { CountingRules } from '../counting/counting-rules.js';
import type { Comparison } from './compare-counts.js';
import type { Reconciliation } from './reconcile.js';

/**
 * Rules in which counters of the same traffic are known to differ, as far as the other party tells them: true where it
 * follows the rule, false where it does not, undefined where nobody knows.
 */
export interface TheirPractices {
  readonly oneMinuteRule?: boolean | undefined;
  /** IPv6 addresses are cut to their first 64 bits. */
  readonly ipv6Prefix?: boolean | undefined;
  readonly appleWatchFiltered?: boolean | undefined;
  readonly dataCentresFiltered?: boolean | undefined;
  /** Two-byte probes of players are no downloads. */
  readonly rangeProbesIgnored?: boolean | undefined;
  /** Ranges are united, not added up. */
  readonly rangesUnited?: boolean | undefined;
  /** A listener is an address and a user agent, and nothing more or less. */
  readonly addressAndAgentKey?: boolean | undefined;
}

/** How the numbers that stand on our side were counted. */
export interface OurPractices {
  readonly evidence: 'origin_bytes' | 'prefix_only';
  /** Of each rule set under which the days are shown. */
  readonly rules: readonly CountingRules[];
  readonly networkDataLoaded: boolean;
  /** Days of the range on which nothing was counted. */
  readonly uncountedDays: number;
  /** Whether the other party's days are UTC days. */
  readonly sameDays: boolean;
}

/** Which of two numbers that differ is the larger one. */
export type LargerSide = 'ours' | 'theirs';

/** Why two numbers may differ. */
export interface LikelyCause {
  readonly code: string;
  /** It can explain that this side is the larger one. */
  readonly larger: LargerSide;
  readonly explanation: string;
  /** `declared` by the other party, `known` of our own numbers, or only `possible`. */
  readonly certainty: 'declared' | 'known' | 'possible';
}

interface Candidate extends Omit<LikelyCause, 'larger'> {
  readonly makesLarger: LargerSide | 'either';
}

/**
 * Names the rules that may explain what is to be investigated, those that are certain first: only such as move the
 * numbers in a direction in which they do differ. Empty where all differ no more than is normal.
 */
export function likelyCauses(
  reconciliation: Reconciliation,
  theirs: TheirPractices,
  ours: OurPractices,
): LikelyCause[] {
  const candidates = [...theirDepartures(theirs, ours), ...ourDepartures(theirs, ours), ...UNTOLD];
  return largerSides(reconciliation)
    .flatMap((larger) =>
      candidates
        .filter(({ makesLarger }) => makesLarger === larger || makesLarger === 'either')
        .map(({ code, explanation, certainty }) => ({ code, larger, explanation, certainty })),
    )
    .sort((a, b) => CERTAINTIES.indexOf(a.certainty) - CERTAINTIES.indexOf(b.certainty));
}

/** The sides that are the larger one in something that is to be investigated. */
function largerSides({ cells, subjects, days, total }: Reconciliation): LargerSide[] {
  const comparisons: readonly Comparison[] = [...cells, ...subjects, ...days, total];
  const striking = comparisons.filter(({ verdict }) => verdict === 'investigate');
  const sides: LargerSide[] = ['ours', 'theirs'];
  return sides.filter((side) => striking.some(({ difference }) => difference > 0 === (side === 'ours')));
}

const CERTAINTIES: readonly LikelyCause['certainty'][] = ['declared', 'known', 'possible'];

/** Rules that we follow and they may not. */
function theirDepartures(theirs: TheirPractices, { evidence, rules }: OurPractices): Candidate[] {
  const byBytes = evidence === 'origin_bytes';
  const everyRule = (follows: (rule: CountingRules) => boolean) => rules.every(follows);
  const found: (Candidate | false)[] = [
    byBytes &&
      everyRule(({ contentSeconds }) => contentSeconds !== null) &&
      unless(
        theirs.oneMinuteRule,
        'one_minute',
        'theirs',
        'They count requests that never reached one minute of content.',
      ),
    byBytes &&
      unless(
        theirs.rangesUnited,
        'range_sum',
        'theirs',
        'They add ranges up, or take a part for the whole file.',
      ),
    unless(theirs.rangeProbesIgnored, 'range_probe', 'theirs', 'They count the two-byte probes of players.'),
    unless(
      theirs.ipv6Prefix,
      'ipv6',
      'theirs',
      'They tell IPv6 listeners apart by the whole address, which changes often.',
    ),
    unless(
      theirs.appleWatchFiltered,
      'apple_watch',
      'theirs',
      'They count what an Apple Watch fetches beside its phone.',
    ),
    everyRule(({ filteredNetworks }) => filteredNetworks.includes('hosting')) &&
      unless(theirs.dataCentresFiltered, 'data_centres', 'theirs', 'They count requests from data centres.'),
    unless(
      theirs.addressAndAgentKey,
      'listener_key',
      'either',
      'They tell listeners apart by more than address and user agent, such as the referrer, or by less.',
    ),
  ];
  return found.filter((candidate) => candidate !== false);
}

function unless(
  follows: boolean | undefined,
  code: string,
  makesLarger: LargerSide | 'either',
  explanation: string,
): Candidate | false {
  return (
    follows !== true && {
      code,
      explanation,
      makesLarger,
      certainty: follows === false ? 'declared' : 'possible',
    }
  );
}

/** Rules that they may follow and we do not. */
function ourDepartures(theirs: TheirPractices, ours: OurPractices): Candidate[] {
  const { evidence, rules, networkDataLoaded, uncountedDays, sameDays } = ours;
  const anyRule = (departs: (rule: CountingRules) => boolean) => rules.some(departs);
  const found: (Candidate | false)[] = [
    uncountedDays > 0 &&
      known('uncounted_days', 'theirs', `On ${uncountedDays} of the days nothing was counted here.`),
    theirs.oneMinuteRule !== false &&
      evidence === 'prefix_only' &&
      known('no_bytes', 'ours', 'A redirect sees no bytes: the one-minute rule is not applied here.'),
    theirs.oneMinuteRule !== false &&
      evidence === 'origin_bytes' &&
      anyRule(({ contentSeconds }) => contentSeconds === null) &&
      known('no_threshold', 'ours', 'The rule set here has no one-minute rule.'),
    anyRule(({ header }) => header === 'content_only') &&
      evidence === 'origin_bytes' &&
      known('header_policy', 'ours', 'The threshold here leaves out the header of the file.'),
    theirs.dataCentresFiltered !== false &&
      (!networkDataLoaded || anyRule(({ filteredNetworks }) => !filteredNetworks.includes('hosting'))) &&
      known(
        'data_centres_counted',
        'ours',
        'Requests from data centres are counted here, or not recognised.',
      ),
    anyRule((rule) => rule.breadth !== null || rule.requestsPerAddressDay !== null) &&
      known('volume_rules', 'theirs', 'Addresses that ask for very much are left out here.'),
    !sameDays &&
      anyRule(({ window }) => window === 'calendar_day') &&
      known(
        'window_zone',
        'either',
        'The window is the UTC day here and probably the day of their zone there: who listens on both sides of a midnight is counted once by one and twice by the other.',
      ),
  ];
  return found.filter((candidate) => candidate !== false);
}

function known(code: string, makesLarger: Candidate['makesLarger'], explanation: string): Candidate {
  return { code, explanation, makesLarger, certainty: 'known' };
}

/** What no party can tell of itself. */
const UNTOLD: readonly Candidate[] = [
  {
    code: 'agent_lists',
    explanation: 'The lists of bots differ.',
    makesLarger: 'either',
    certainty: 'possible',
  },
  {
    code: 'our_source',
    explanation: 'Requests never reached us: a log that was not imported, or a link without the prefix.',
    makesLarger: 'theirs',
    certainty: 'possible',
  },
  {
    code: 'their_source',
    explanation:
      'Requests never reached them: a part of their logs is missing, or their prefix is not on every link.',
    makesLarger: 'ours',
    certainty: 'possible',
  },
];
