import type { CountingRules } from '../counting/counting-rules.js';
import type { Divergence } from './methodology.js';
import type { MethodologyInput, PrivacyInForce } from './methodology-input.js';

const CHOSEN = 'A choice of the rule set; see its note.';
const PTMG_SECONDS = 60;

/** Every point in which the configuration departs from PTMG v2.3, with the reason (§5.5, §5.5.4, IAB-26). */
export function divergencesOf(input: MethodologyInput): Divergence[] {
  const { rules } = input.ruleSet;
  const found = [
    ...thresholdDivergences(rules),
    ...networkDivergences(input),
    ...volumeDivergences(rules),
    ...privacyDivergences(input.privacy),
    prefixDivergence(input),
  ];
  return found.filter((divergence) => divergence !== undefined);
}

function thresholdDivergences({ contentSeconds, header }: CountingRules): (Divergence | undefined)[] {
  const source = 'PTMG v2.3 §5.5.3';
  if (contentSeconds === null)
    return [
      {
        id: 'no_threshold',
        source,
        what: 'No minute of content is asked for: any byte makes a download.',
        reason: `To compare with counters that have no such rule. ${CHOSEN}`,
      },
    ];
  return [
    contentSeconds === PTMG_SECONDS
      ? undefined
      : {
          id: 'other_threshold',
          source,
          what: `${contentSeconds} seconds of content are asked for, not 60.`,
          reason: CHOSEN,
        },
    header === 'required'
      ? undefined
      : {
          id: 'header_content_only',
          source,
          what: 'The threshold asks for content alone, without the header of the file.',
          reason: 'Fair to players that keep the header and resume in the middle.',
        },
  ];
}

function networkDivergences({ ruleSet, networkList }: MethodologyInput): (Divergence | undefined)[] {
  const source = 'PTMG v2.3 §5.5.2 (2)';
  const { filteredNetworks } = ruleSet.rules;
  const counts = (network: 'hosting' | 'vpn', name: string): Divergence | undefined =>
    filteredNetworks.includes(network)
      ? undefined
      : { id: `${network}_counts`, source, what: `Requests from ${name} count.`, reason: CHOSEN };
  const filtered = (network: 'relay' | 'tor', name: string): Divergence | undefined =>
    filteredNetworks.includes(network)
      ? {
          id: `${network}_filtered`,
          source: 'own rule',
          what: `Requests through ${name} are left out, those of real people among them.`,
          reason: CHOSEN,
        }
      : undefined;
  return [
    counts('hosting', 'data centres'),
    counts('vpn', 'VPN'),
    filtered('relay', 'privacy relays'),
    filtered('tor', 'Tor'),
    networkList === null && filteredNetworks.length > 0
      ? {
          id: 'networks_unknown',
          source,
          what: 'Networks are not recognised, so that none is left out.',
          reason: 'No network data is loaded.',
        }
      : undefined,
  ];
}

function volumeDivergences({ requestsPerAddressDay, breadth }: CountingRules): (Divergence | undefined)[] {
  const shared = 'Very many listeners can share one address.';
  return [
    requestsPerAddressDay === null
      ? {
          id: 'no_volume_limit',
          source: 'PTMG v2.3 §5.5.2 (1)',
          what: 'The number of requests of one address has no limit.',
          reason: breadth === null ? shared : `${shared} The rule about breadth finds machines more surely.`,
        }
      : undefined,
    breadth === null
      ? undefined
      : {
          id: 'breadth',
          source: 'own rule',
          what: `More than ${breadth.episodes} different episodes within ${breadth.minutes} minutes by one listener do not count.`,
          reason: 'Nobody listens to so much; catalogues are swept by machines that pass for players.',
        },
  ];
}

function privacyDivergences({
  precision,
  legalBasis,
  honourGpc,
  honourDnt,
}: PrivacyInForce): (Divergence | undefined)[] {
  const needsConsent = legalBasis === 'consent' || legalBasis === 'unknown';
  return [
    precision === 'whole'
      ? undefined
      : {
          id: 'addresses_cut',
          source: 'PTMG v2.3 §5.5.4',
          what:
            'Addresses of the EEA, the United Kingdom and Switzerland are cut to 24 bits (IPv6: 48) before they are hashed: ' +
            'people nearby with the same agent are one listener, and their downloads of an episode are one.',
          reason: 'To hold less about people. Numbers of listeners are coarse, and downloads may be too few.',
        },
    needsConsent || honourGpc || honourDnt
      ? {
          id: 'unrecognised_requests',
          source: 'own rule',
          what: needsConsent
            ? 'Only requests that prove consent count.'
            : 'Requests do not count whose headers ask not to be tracked.',
          reason: 'Without an id of the listener nobody can tell whose download it is.',
        }
      : undefined,
  ];
}

function prefixDivergence({ podcasts }: MethodologyInput): Divergence | undefined {
  const count = podcasts.filter(({ evidence }) => evidence.includes('prefix_only')).length;
  if (count === 0) return undefined;
  return {
    id: 'prefix_without_threshold',
    source: 'PTMG v2.3 §5.5.3',
    what: `The one-minute rule is not applied to numbers of prefix_only (podcasts that have some: ${count}).`,
    reason: 'A redirect sees no bytes. Their evidence says so with every number; no correction is made.',
  };
}
