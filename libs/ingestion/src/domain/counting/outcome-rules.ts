import type { Outcome } from './outcome.js';

/** What an outcome means to whoever reads a funnel, and where its rule comes from. */
export interface OutcomeRule {
  readonly source: string;
  readonly meaning: string;
}

/** The rule behind each outcome. Where PTMG leaves the choice to us, the source says so. */
export const OUTCOME_RULES: Readonly<Record<Outcome, OutcomeRule>> = {
  duplicate_delivery: {
    source: 'own rule',
    meaning: 'The same line of a log was delivered before; it is one request.',
  },
  not_an_episode: {
    source: 'PTMG v2.3 §2.2',
    meaning:
      'Something else than the file of an episode that is known by now: a page, a picture, a playlist. When an episode with that file becomes known, its requests are counted.',
  },
  not_get: { source: 'PTMG v2.3 §5.5.2 step 1.3', meaning: 'HEAD and other methods bring no content.' },
  status: {
    source: 'PTMG v2.3 §5.5.2 step 1.3',
    meaning: 'Answered with something else than 200 or 206: nothing was delivered.',
  },
  range_probe: {
    source: 'PTMG v2.3 §5.5.2 (6)',
    meaning: 'The first two bytes, by which players ask whether ranges work.',
  },
  apple_watch: {
    source: 'PTMG v2.3 §5.5.2 (7)',
    meaning: 'An Apple Watch fetched what its phone fetches too.',
  },
  malformed_agent: {
    source: 'PTMG v2.3 §5.5.2 (4)',
    meaning: 'No user agent, or one that is false on purpose.',
  },
  bot_agent: {
    source: 'PTMG v2.3 §5.5.2 (5)',
    meaning: 'A bot on the podcast lists, or by an override of the tenant.',
  },
  bot_library: {
    source: 'PTMG v2.3 §5.5.2 (5)',
    meaning: 'A program library that the podcast lists call a bot.',
  },
  bot_generic: {
    source: 'PTMG v2.3 §5.5.2 (5)',
    meaning: 'An agent that no podcast list knows and that a general list, or its own name, calls a bot.',
  },
  datacentre: {
    source: 'PTMG v2.3 §5.5.2 (2)',
    meaning: 'From a network of servers, not of people, or by an override of the tenant.',
  },
  vpn: {
    source: 'PTMG v2.3 §5.5.2 (2)',
    meaning: 'From a network that hides where people are and that the rule set leaves out.',
  },
  excluded_address: { source: 'PTMG v2.3 §5.5.4', meaning: 'From an address on the list of exclusions.' },
  volume: {
    source: 'PTMG v2.3 §5.5.2 (1), our threshold',
    meaning: 'Its address asked for more on that UTC day than people do.',
  },
  breadth: {
    source: 'PTMG v2.3 §5.5.2 (1), own rule',
    meaning: 'Its address and agent asked for very many different episodes within minutes.',
  },
  bad_referrer: {
    source: 'PTMG v2.3 §5.5.2 (3)',
    meaning: 'The referrer is malformed, or on a list of denials.',
  },
  no_listener: {
    source: 'PTMG v2.3 §5.5.4',
    meaning: 'Its address is unknown or was erased, so nobody can tell whose download it is.',
  },
  below_threshold: {
    source: 'PTMG v2.3 §5.5.3',
    meaning: 'All that its window was served is less than one minute of content.',
  },
  merged_piece: {
    source: 'PTMG v2.3 §5.5.4',
    meaning: 'Part of a download that another request completed.',
  },
  repeat_in_window: {
    source: 'PTMG v2.3 §5.5.1',
    meaning: 'Of an episode that this listener had already downloaded in the same window.',
  },
  counted: { source: 'PTMG v2.3 §6.1', meaning: 'The request that completed a download.' },
};
