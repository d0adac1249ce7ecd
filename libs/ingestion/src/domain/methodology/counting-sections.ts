import { utcDate } from '@lib/primitives';
import type { CountingRules, DownloadWindow } from '../counting/counting-rules.js';
import type { MethodologySection } from './methodology.js';
import type { LegalBasis } from '../privacy/read-consent.js';
import type { MethodologyInput, PrivacyInForce } from './methodology-input.js';
import { section } from './section.js';

/** The sections that follow from the rule set. */
export function countingSections({
  ruleSet,
  shownUnder,
  period,
  privacy,
  requestsKeptDays,
}: MethodologyInput): MethodologySection[] {
  const { rules } = ruleSet;
  return [
    section('rule_set', 'Rule set', {
      paragraphs: [
        'A rule set is never changed: another rule or another list is another version, and every number names the version ' +
          'that it was counted under. Days that were counted stay as they are until a person applies a recount.',
      ],
      facts: [
        { label: 'Version', value: ruleSet.version },
        { label: 'Valid from', value: `${ruleSet.validFrom} (UTC)` },
        {
          label: 'Made',
          value: ruleSet.createdAt
            ? `${utcDate(ruleSet.createdAt)} by ${ruleSet.createdBy}`
            : 'the defaults of the product, until the first request is counted',
        },
        { label: 'Note', value: ruleSet.note || 'none' },
        { label: 'Requests are kept, so that days can be counted again', value: `${requestsKeptDays} days` },
      ],
      table: {
        columns: [`Days ${period.firstDay} to ${period.lastDay} are shown under`, 'First', 'Last', 'Days'],
        rows: shownUnder.map(({ version, firstDay, lastDay, days }) => [
          version,
          firstDay,
          lastDay,
          String(days),
        ]),
      },
    }),
    filters(rules),
    section('window', 'Window', { facts: [{ label: 'Method (§5.5.1)', value: WINDOWS[rules.window] }] }),
    threshold(rules),
    key(privacy),
    volume(rules),
  ];
}

const WINDOWS: Readonly<Record<DownloadWindow, string>> = {
  calendar_day: 'calendar day: requests on the same UTC day are one download',
  first_touch: 'first touch: requests less than 24 hours after the first are one download',
  last_touch: 'last touch: requests less than 24 hours after the one before are one download',
};

function filters({ filteredNetworks }: CountingRules): MethodologySection {
  const networks = filteredNetworks.map((network) => NETWORKS[network]);
  return section('filters', 'Requests that do not count (§5.5.2)', {
    paragraphs: [
      'The first rule that applies names the outcome of a request; each request has exactly one, and all of them can be ' +
        'shown for any number. In this order are left out: repeated deliveries of one request; requests for playlists or ' +
        'for no episode; other methods than GET; other statuses than 200 and 206, and 000 where a CDN logs a cut response ' +
        'by it; probes of the first two bytes; Apple Watches, which fetch beside their phone; missing and malformed user ' +
        'agents; bots that name themselves or stand on a list; networks, addresses and volumes as below; malformed ' +
        'referrers. A request without a referrer is normal.',
    ],
    facts: [{ label: 'Networks left out', value: networks.length > 0 ? networks.join(', ') : 'none' }],
  });
}

const NETWORKS: Readonly<Record<CountingRules['filteredNetworks'][number], string>> = {
  hosting: 'data centres',
  vpn: 'VPN',
  relay: 'privacy relays',
  tor: 'Tor',
};

function threshold({ contentSeconds, header }: CountingRules): MethodologySection {
  const minute = contentSeconds === null ? 'any byte' : `${contentSeconds} seconds of content`;
  const facts = [{ label: 'Delivered content that makes a download', value: minute }];
  const policy =
    header === 'required'
      ? 'required: header and content, whichever bytes were served'
      : 'content only: bytes of the header do not help and are not asked for';
  if (contentSeconds === null) return section('threshold', 'Threshold (§5.5.3)', { facts });
  return section('threshold', 'Threshold (§5.5.3)', {
    paragraphs: [
      'Reckoned for each episode from the size of its file, of its header and from its duration, rounded up. Where the ' +
        'episode is no longer than that, or a size is not known, the whole file is asked for. Different bytes are united: ' +
        'what is fetched twice counts once. Of HLS, different segments of that length together are asked for.',
      'Every request of a UTC day is judged by what was known of files at the end of the day or, where the day was counted for ' +
        'the first time later, then, and of a file that was first asked for later still, when that request came in. What ' +
        'becomes known afterwards changes no number until a person applies a recount.',
    ],
    facts: [...facts, { label: 'Header of the file', value: policy }],
  });
}

function key({
  precision,
  legalBasis,
  honourGpc,
  honourDnt,
  attributionLookbackDays: lookback,
}: PrivacyInForce): MethodologySection {
  const cut = (bits: number) => (precision === 'whole' ? '' : `; ${PROTECTED}, the first ${bits} bits`);
  const headers = [...(honourGpc ? ['Sec-GPC'] : []), ...(honourDnt ? ['DNT'] : [])];
  return section('key', 'Listeners (§5.5.4)', {
    paragraphs: [
      'A listener is an address and a user agent. No further metadata, such as cookies or session ids, refines that. Downloads ' +
        'are counted by keyed hashes, under keys that change every UTC day and are destroyed; addresses are not stored. ' +
        'Requests of listeners who asked to be forgotten, or may not be told from others, are kept without them and do not ' +
        'count (no_listener).',
    ],
    facts: [
      { label: 'IPv4', value: `the whole address${cut(24)}` },
      { label: 'IPv6', value: `the first 64 bits; IPv4-mapped addresses are unwrapped before${cut(48)}` },
      {
        label: 'Numbers of listeners',
        value: precision === 'whole' ? 'exact within the period of a key' : 'coarse',
      },
      { label: 'Basis where a request says nothing of consent', value: BASES[legalBasis] },
      { label: 'Headers that end recognition', value: headers.length > 0 ? headers.join(', ') : 'none' },
      {
        label: 'Addresses kept without user agents',
        value:
          lookback === null
            ? 'none'
            : `as ids under keys that change every week, to match sponsors’ results with listening ${lookback} days back; never of addresses that are cut`,
      },
    ],
  });
}

const PROTECTED = 'of the EEA, the United Kingdom and Switzerland, and where the country is not known';

const BASES: Readonly<Record<LegalBasis, string>> = {
  consent: 'consent: the request does not count',
  legitimate_interest: 'legitimate interest',
  contract: 'contract',
  unknown: 'none: the request does not count',
};

function volume({ requestsPerAddressDay: limit, breadth }: CountingRules): MethodologySection {
  return section('volume', 'Volume and breadth (§5.5.2 (1))', {
    paragraphs: [
      'Both are judged by UTC days, whatever the window; none of the requests of such a day counts.',
    ],
    facts: [
      {
        label: 'Requests of one address on a day',
        value: limit === null ? 'no limit' : `up to ${limit} count; with one more, none does`,
      },
      {
        label: 'Episodes of one listener',
        value:
          breadth === null
            ? 'no limit'
            : `up to ${breadth.episodes} different ones within ${breadth.minutes} minutes count; with one more, none does`,
      },
    ],
  });
}
