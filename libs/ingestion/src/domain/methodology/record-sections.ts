import { utcDate } from '@lib/primitives';
import type { MethodologySection } from './methodology.js';
import type { EvidenceLevel, ListInUse, MethodologyInput, NotedEventKind } from './methodology-input.js';
import { section } from './section.js';
import { selfAuditDue } from './self-audit-due.js';

/** The sections that follow from what was loaded, listed and decided. */
export function recordSections(input: MethodologyInput): MethodologySection[] {
  return [
    evidence(input),
    section('lists', 'Lists', {
      paragraphs: [
        'A version is the SHA-256 of the content. The list of user agents belongs to the rule set: another one is another ' +
          'version of that. What is known of the network of an address is noted when a request comes in, and kept with it.',
      ],
      table: {
        columns: ['List', 'Version', 'Source', 'Loaded', 'Activated'],
        rows: [
          listRow(
            'user agents',
            input.agentList,
            'the product’s own, stored when the first request is counted',
          ),
          listRow('networks', input.networkList, 'none'),
        ],
      },
    }),
    overrides(input),
    inclusions(input),
    exclusions(input),
    invalidTraffic(input),
    audits(input),
    anomalies(input),
  ];
}

function evidence({ podcasts, period }: MethodologyInput): MethodologySection {
  return section('evidence', 'Evidence', {
    paragraphs: [
      'Numbers of different evidence are shown beside each other and never added up. With origin_bytes, from logs of the ' +
        'servers that sent the files, every rule applies. With prefix_only, from our redirect, nobody knows what was ' +
        'delivered: the one-minute rule and the rules about statuses are not applied, and no correction is made. ' +
        'client_confirmed are reports of players, which are no downloads.',
    ],
    table: {
      columns: ['Podcast', `Sources, ${period.firstDay} to ${period.lastDay}`],
      rows: podcasts.map(({ title, evidence: levels }) => [title, sourcesOf(levels)]),
    },
  });
}

const LEVELS: readonly EvidenceLevel[] = ['origin_bytes', 'prefix_only', 'client_confirmed'];

function sourcesOf(levels: readonly EvidenceLevel[]): string {
  return LEVELS.filter((level) => levels.includes(level)).join(', ') || 'none';
}

function listRow(name: string, list: ListInUse | null, absent: string): string[] {
  if (list === null) return [name, absent, '', '', ''];
  const { sha256, source, loadedAt, activatedAt } = list;
  return [name, sha256, source, utcDate(loadedAt), activatedAt ? utcDate(activatedAt) : 'not'];
}

/** Without patterns and networks: details would help those who fake downloads (§5.4). */
function overrides({ agentOverrides }: MethodologyInput): MethodologySection {
  return section('agent_overrides', 'Own statements about agents (§5.5.2 (2), (5))', {
    paragraphs: [
      'Agents that no podcast list knows by name may be named by hand, and requests of some networks, countries and ' +
        'agents may be left out by hand, both between dates. These statements belong to the rule set.',
      ...(agentOverrides.length === 0 ? ['There is none.'] : []),
    ],
    table: {
      columns: ['Name', 'Taken for', 'From', 'Until'],
      rows: agentOverrides.map(({ name, kind, from, until }) => [name, kind, from ?? '', until ?? '']),
    },
  });
}

function inclusions({ inclusions: entries }: MethodologyInput): MethodologySection {
  return section('inclusion_list', 'Included addresses (§5.5.2, note)', {
    paragraphs: [
      'Blocks of addresses with many listeners, such as dormitories and offices, are free of the limits on volume and ' +
        'breadth. An inclusion that nobody validated for 90 days does nothing. The addresses themselves are not disclosed.',
      ...(entries.length === 0 ? ['No address is included.'] : []),
    ],
    table: {
      columns: ['Reason', 'Last validated', 'Lapses', 'State'],
      rows: entries.map(({ reason, validatedAt, lapsesAt, lapsed }) => [
        reason,
        utcDate(validatedAt),
        utcDate(lapsesAt),
        lapsed ? 'lapsed' : 'active',
      ]),
    },
  });
}

function exclusions({ exclusions: entries, period }: MethodologyInput): MethodologySection {
  return section('exclusion_list', 'Excluded addresses (§5.5.4)', {
    paragraphs: [
      `Requests of excluded addresses never count. Stood at any time since ${period.firstDay}: ` +
        `${entries.length === 0 ? 'none' : entries.length}.`,
    ],
    table: {
      columns: ['Reason', 'Since', 'Until'],
      rows: entries.map(({ reason, since, until }) => [reason, utcDate(since), until ? utcDate(until) : '']),
    },
  });
}

/** In general terms: details would help those who fake downloads (§5.4). */
function invalidTraffic({ reviews, period }: MethodologyInput): MethodologySection {
  const { open, confirmed, dismissed } = reviews;
  return section('invalid_traffic', 'Invalid traffic (§5.4)', {
    paragraphs: [
      'General invalid traffic is left out by the rules above. What looks like sophisticated invalid traffic is put under ' +
        'review and changes no number by itself: a person decides, and a recount leaves out what was confirmed. How ' +
        'anomalies are found is not disclosed.',
    ],
    facts: [
      {
        label: `Reviews, ${period.firstDay} to ${period.lastDay}`,
        value: `${confirmed} confirmed, ${dismissed} dismissed, ${open} open`,
      },
    ],
  });
}

function audits(input: MethodologyInput): MethodologySection {
  const due = selfAuditDue(input);
  return section('self_audits', 'Self-audits (§5.5.6)', {
    paragraphs: [
      'At least twice a year. What an audit finds is left out of the current numbers and of later ones.',
      ...(input.audits.length === 0 ? ['None is recorded yet.'] : []),
    ],
    facts: [{ label: 'Next one due', value: due ?? 'once requests are counted' }],
    table: {
      columns: ['Performed', 'Result', 'By'],
      rows: input.audits.map(({ performedOn, result, author }) => [performedOn, result, author]),
    },
  });
}

function anomalies(input: MethodologyInput): MethodologySection {
  const { events, uncountedDays, logLines, notRecorded, period } = input;
  const range = `${period.firstDay} to ${period.lastDay}`;
  return section('anomalies', 'Known anomalies', {
    paragraphs: [
      'What happened in the period that explains a change in numbers, and what is not in them. Requests that a redirect ' +
        'answered and that could be neither stored nor spooled are counted by podcast, day and reason; the explanation of ' +
        'a number names them. A process that breaks down before it can store these counts takes them with it.',
      ...(events.length === 0 ? ['Nothing was noted.'] : []),
    ],
    facts: [
      { label: `Days without a count, ${range}`, value: String(uncountedDays) },
      { label: `Requests that could not be recorded, ${range}`, value: String(notRecorded) },
      { label: 'Log lines that could not be read', value: String(logLines.unreadable) },
      { label: 'Log lines that contradict stored requests', value: String(logLines.contradicting) },
      { label: 'Log files whose import is not finished', value: String(logLines.unfinishedFiles) },
    ],
    table: {
      columns: ['Day', 'What', 'Podcast', 'Times'],
      rows: events.map(({ day, kind, podcast, times }) => [
        day,
        EVENTS[kind],
        podcast ?? 'all',
        String(times),
      ]),
    },
  });
}

const EVENTS: Readonly<Record<NotedEventKind, string>> = {
  enclosure_changed: 'Addresses of files changed: apps may download them again (§5.3)',
  prefix_changed:
    'A prefix in front of files was added, moved or removed: apps may download them again (§5.3)',
  feed_moved: 'The feed moved to another address',
  recount_applied: 'Days were shown under another rule set',
  list_changed: 'An entry of the address lists was added, validated or removed',
  note: 'Something was noted by hand',
};
