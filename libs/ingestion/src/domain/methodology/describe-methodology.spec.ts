import { describe, expect, test } from '@jest/globals';
import { DEFAULT_COUNTING_RULES, type CountingRules } from '../counting/counting-rules.js';
import { describeMethodology } from './describe-methodology.js';
import type { MethodologyInput } from './methodology-input.js';
import { renderMethodology } from './render-methodology.js';

const DEFAULTS: MethodologyInput = {
  generatedAt: new Date('2026-10-12T08:00:00Z'),
  tenantName: 'Harbour Light Network',
  period: { firstDay: '2026-09-12', lastDay: '2026-10-11' },
  ruleSet: {
    version: '1.0.0',
    validFrom: '2026-01-01',
    rules: DEFAULT_COUNTING_RULES,
    note: '',
    createdBy: 'product',
    createdAt: null,
  },
  shownUnder: [{ version: '1.0.0', firstDay: '2026-09-12', lastDay: '2026-10-11', days: 30 }],
  agentList: {
    sha256: 'a'.repeat(64),
    source: 'built-in',
    loadedAt: new Date('2026-01-01T00:00Z'),
    activatedAt: null,
  },
  newerAgentList: false,
  agentOverrides: [],
  newerAgentOverrides: false,
  networkList: {
    sha256: 'b'.repeat(64),
    source: 'networks.csv',
    loadedAt: new Date('2026-02-02T00:00Z'),
    activatedAt: new Date('2026-02-03T00:00Z'),
  },
  podcasts: [{ title: 'Signal & Salt', evidence: ['origin_bytes'] }],
  inclusions: [],
  exclusions: [],
  reviews: { open: 0, confirmed: 0, dismissed: 0 },
  audits: [],
  events: [],
  uncountedDays: 0,
  logLines: { unreadable: 0, contradicting: 0, unfinishedFiles: 0 },
  notRecorded: 0,
  privacy: {
    precision: 'whole',
    legalBasis: 'legitimate_interest',
    honourGpc: false,
    honourDnt: false,
    attributionLookbackDays: null,
  },
  requestsKeptDays: 730,
  countingSince: '2026-08-01',
};

/** Nothing in it is as above. */
const OTHER: MethodologyInput = {
  generatedAt: new Date('2027-05-01T00:00:00Z'),
  tenantName: 'Gravel Radio',
  period: { firstDay: '2027-04-01', lastDay: '2027-04-30' },
  ruleSet: {
    version: '4.2.0',
    validFrom: '2027-03-01',
    rules: {
      window: 'last_touch',
      contentSeconds: 30,
      header: 'content_only',
      requestsPerAddressDay: 250,
      breadth: null,
      filteredNetworks: ['vpn', 'relay'],
    },
    note: 'After the audit of March',
    createdBy: 'key 3fJ9',
    createdAt: new Date('2027-02-20T00:00Z'),
  },
  shownUnder: [
    { version: '4.1.0', firstDay: '2027-04-01', lastDay: '2027-04-09', days: 9 },
    { version: '4.2.0', firstDay: '2027-04-10', lastDay: '2027-04-30', days: 21 },
  ],
  agentList: {
    sha256: 'c'.repeat(64),
    source: 'https://lists.example/agents',
    loadedAt: new Date('2027-01-05T00:00Z'),
    activatedAt: new Date('2027-01-06T00:00Z'),
  },
  newerAgentList: true,
  agentOverrides: [{ name: 'Rented servers', kind: 'datacentre', from: '2027-03-01', until: null }],
  newerAgentOverrides: true,
  networkList: null,
  podcasts: [
    { title: 'Tidewater', evidence: ['client_confirmed', 'prefix_only'] },
    { title: 'Silent', evidence: [] },
  ],
  inclusions: [
    {
      reason: 'A dormitory',
      validatedAt: new Date('2027-01-10T00:00Z'),
      lapsesAt: new Date('2027-04-10T00:00Z'),
      lapsed: true,
    },
  ],
  exclusions: [
    { reason: 'A scraper', since: new Date('2027-04-03T00:00Z'), until: new Date('2027-04-20T00:00Z') },
  ],
  reviews: { open: 3, confirmed: 5, dismissed: 7 },
  audits: [{ performedOn: '2026-10-01', result: 'No difference', author: 'R. Keller' }],
  events: [
    { day: '2027-04-02', kind: 'prefix_changed', podcast: 'Tidewater', times: 2 },
    { day: '2027-04-10', kind: 'recount_applied', podcast: null, times: 1 },
  ],
  uncountedDays: 4,
  logLines: { unreadable: 11, contradicting: 12, unfinishedFiles: 13 },
  notRecorded: 14,
  privacy: {
    precision: 'coarse',
    legalBasis: 'consent',
    honourGpc: true,
    honourDnt: true,
    attributionLookbackDays: 45,
  },
  requestsKeptDays: 400,
  countingSince: '2026-08-01',
};

const render = (input: MethodologyInput) => renderMethodology(describeMethodology(input));
const withRules = (rules: Partial<CountingRules>): MethodologyInput => ({
  ...DEFAULTS,
  ruleSet: { ...DEFAULTS.ruleSet, rules: { ...DEFAULT_COUNTING_RULES, ...rules } },
});
const ids = (input: MethodologyInput) => {
  const { divergences, findings } = describeMethodology(input);
  return { divergences: divergences.map(({ id }) => id), findings: findings.map(({ id }) => id) };
};

/** What the default configuration says, and what the other one says in its place. */
const SHOWN: readonly (readonly [setting: string, byDefault: string, other: string])[] = [
  [
    'tenant',
    '# Description of methodology: Harbour Light Network',
    '# Description of methodology: Gravel Radio',
  ],
  ['time', 'Generated 2026-10-12T08:00:00.000Z', 'Generated 2027-05-01T00:00:00.000Z'],
  ['period', '2026-09-12 to 2026-10-11', '2027-04-01 to 2027-04-30'],
  ['version', '- **Version:** 1.0.0', '- **Version:** 4.2.0'],
  ['validity', '- **Valid from:** 2026-01-01', '- **Valid from:** 2027-03-01'],
  ['maker', '- **Made:** the defaults of the product', '- **Made:** 2027-02-20 by key 3fJ9'],
  ['note', '- **Note:** none', '- **Note:** After the audit of March'],
  ['days', '| 1.0.0 | 2026-09-12 | 2026-10-11 | 30 |', '| 4.1.0 | 2027-04-01 | 2027-04-09 | 9 |'],
  ['networks', '- **Networks left out:** data centres, VPN', '- **Networks left out:** VPN, privacy relays'],
  ['window', 'calendar day: requests on the same UTC day', 'last touch: requests less than 24 hours'],
  ['threshold', 'a download:** 60 seconds of content', 'a download:** 30 seconds of content'],
  ['header', '- **Header of the file:** required', '- **Header of the file:** content only'],
  [
    'volume',
    '- **Requests of one address on a day:** no limit',
    'on a day:** up to 250 count; with one more',
  ],
  ['breadth', 'up to 30 different ones within 10 minutes', '- **Episodes of one listener:** no limit'],
  [
    'agent list',
    `| user agents | ${'a'.repeat(64)} | built-in | 2026-01-01 | not |`,
    `| ${'c'.repeat(64)} |`,
  ],
  ['network list', '| networks.csv | 2026-02-02 | 2026-02-03 |', '| networks | none |'],
  ['evidence', '| Signal &amp; Salt | origin\\_bytes |', '| Tidewater | prefix\\_only, client\\_confirmed |'],
  ['no evidence', '| Signal &amp; Salt |', '| Silent | none |'],
  ['agent overrides', 'There is none.', '| Rented servers | datacentre | 2027-03-01 |  |'],
  ['inclusions', 'No address is included.', '| A dormitory | 2027-01-10 | 2027-04-10 | lapsed |'],
  ['exclusions', 'at any time since 2026-09-12: none.', '| A scraper | 2027-04-03 | 2027-04-20 |'],
  [
    'events',
    'Nothing was noted.',
    '| 2027-04-02 | A prefix in front of files was added, moved or removed: apps may download them again (§5.3) | Tidewater | 2 |',
  ],
  ['days without a count', '2026-10-11:** 0', '2027-04-30:** 4'],
  [
    'lost requests',
    'not be recorded, 2026-09-12 to 2026-10-11:** 0',
    'not be recorded, 2027-04-01 to 2027-04-30:** 14',
  ],
  ['unreadable lines', 'could not be read:** 0', 'could not be read:** 11'],
  ['contradicting lines', 'contradict stored requests:** 0', 'contradict stored requests:** 12'],
  ['unfinished imports', 'import is not finished:** 0', 'import is not finished:** 13'],
  ['reviews', '0 confirmed, 0 dismissed, 0 open', '5 confirmed, 7 dismissed, 3 open'],
  ['audits', 'None is recorded yet.', '| 2026-10-01 | No difference | R. Keller |'],
  ['next audit', '- **Next one due:** 2027-01-30', '- **Next one due:** 2027-04-01'],
  ['precision', '- **Numbers of listeners:** exact', '- **Numbers of listeners:** coarse'],
  ['basis', 'nothing of consent:** legitimate interest', 'nothing of consent:** consent: the request'],
  ['headers', 'that end recognition:** none', 'that end recognition:** Sec-GPC, DNT'],
  ['midnight', 'Are pieces on both sides of midnight joined?', 'What of pieces on both sides of midnight?'],
];

describe('a description of methodology', () => {
  test.each(SHOWN)('shows %s as it is configured', (_, byDefault, other) => {
    const [one, two] = [render(DEFAULTS), render(OTHER)];
    expect(one).toContain(byDefault);
    expect(two).not.toContain(byDefault);
    expect(two).toContain(other);
    expect(one).not.toContain(other);
  });

  // A rule that is added has to be described: this does not compile without it.
  const CHANGES: { [Rule in keyof CountingRules]: readonly CountingRules[Rule][] } = {
    window: ['first_touch', 'last_touch'],
    contentSeconds: [null, 30],
    header: ['content_only'],
    requestsPerAddressDay: [1, 500],
    breadth: [null, { episodes: 30, minutes: 11 }, { episodes: 31, minutes: 10 }],
    filteredNetworks: [[], ['hosting'], ['vpn'], ['hosting', 'vpn', 'relay'], ['hosting', 'vpn', 'tor']],
  };
  test.each(
    Object.entries(CHANGES).flatMap(([rule, values]) => values.map((value) => [rule, value] as const)),
  )('differs when %s is %j', (rule, value) => {
    expect(render(withRules({ [rule]: value }))).not.toBe(render(DEFAULTS));
  });

  test.each(Object.keys(DEFAULTS.privacy) as (keyof MethodologyInput['privacy'])[])(
    'differs when only %s of privacy does',
    (setting) => {
      const privacy = { ...DEFAULTS.privacy, [setting]: OTHER.privacy[setting] };
      expect(render({ ...DEFAULTS, privacy })).not.toBe(render(DEFAULTS));
    },
  );

  test.each(Object.keys(DEFAULTS).filter((field) => field !== 'countingSince'))(
    'differs when only %s does',
    (field) => {
      const changed = { ...DEFAULTS, [field]: OTHER[field as keyof MethodologyInput] };
      expect(render(changed)).not.toBe(render(DEFAULTS));
    },
  );

  test('says by which sizes of files a day is judged', () => {
    expect(render(DEFAULTS)).toContain('judged by what was known of files at the end of the day');
  });

  test('claims to implement the rules, and nothing more', () => {
    for (const input of [DEFAULTS, OTHER]) {
      const text = render(input);
      expect(text).toContain('**Implements the rules of PTMG v2.3; not certified.**');
      expect(text.replace('not certified', '')).not.toMatch(/certified|compliant/i);
    }
  });
});

describe('divergences from the guidelines', () => {
  test('of the defaults are those that they have', () => {
    expect(ids(DEFAULTS).divergences).toEqual(['no_volume_limit', 'breadth']);
    const strict = withRules({ requestsPerAddressDay: 500, breadth: null });
    expect(ids(strict).divergences).toEqual([]);
    expect(render(strict)).toContain('Nowhere.');
  });

  test.each<[string, Partial<CountingRules>]>([
    ['no_threshold', { contentSeconds: null }],
    ['other_threshold', { contentSeconds: 30 }],
    ['header_content_only', { header: 'content_only' }],
    ['hosting_counts', { filteredNetworks: ['vpn'] }],
    ['vpn_counts', { filteredNetworks: ['hosting'] }],
    ['relay_filtered', { filteredNetworks: ['hosting', 'vpn', 'relay'] }],
    ['tor_filtered', { filteredNetworks: ['hosting', 'vpn', 'tor'] }],
  ])('%s is one of %j', (id, rules) => {
    expect(ids(DEFAULTS).divergences).not.toContain(id);
    expect(ids(withRules(rules)).divergences).toEqual([id, 'no_volume_limit', 'breadth']);
  });

  test('are also those that follow from what is there', () => {
    expect(ids({ ...DEFAULTS, networkList: null }).divergences).toContain('networks_unknown');
    const unfiltered = { ...withRules({ filteredNetworks: [] }), networkList: null };
    expect(ids(unfiltered).divergences).not.toContain('networks_unknown');
    expect(ids({ ...DEFAULTS, podcasts: OTHER.podcasts }).divergences).toContain('prefix_without_threshold');
    const { privacy } = DEFAULTS;
    for (const [change, id] of [
      [{ precision: 'coarse' }, 'addresses_cut'],
      [{ legalBasis: 'unknown' }, 'unrecognised_requests'],
      [{ honourGpc: true }, 'unrecognised_requests'],
      [{ honourDnt: true }, 'unrecognised_requests'],
    ] as const)
      expect(ids({ ...DEFAULTS, privacy: { ...privacy, ...change } }).divergences).toEqual(
        expect.arrayContaining([id]),
      );
  });

  test('all have a reason and stand in the text', () => {
    const { divergences } = describeMethodology(OTHER);
    expect(divergences.length).toBeGreaterThan(4);
    const text = render(OTHER);
    for (const { what, reason } of divergences) {
      expect(reason).not.toBe('');
      expect(text).toContain(`| ${what.replaceAll('_', '\\_')} |`);
    }
  });
});

describe('findings', () => {
  test('name what somebody should look after', () => {
    expect(ids(DEFAULTS).findings).toEqual([]);
    expect(ids(OTHER).findings).toEqual([
      'self_audit_overdue',
      'inclusions_lapsed',
      'no_network_data',
      'newer_agent_list',
      'newer_agent_overrides',
      'reviews_open',
      'uncounted_days',
      'requests_not_recorded',
      'log_lines_left_out',
      'imports_unfinished',
      'several_rule_sets',
    ]);
  });

  test('an audit is due half a year after the last, or after counting began', () => {
    const due = (input: Partial<MethodologyInput>, at: string) =>
      ids({ ...DEFAULTS, ...input, generatedAt: new Date(at) }).findings.includes('self_audit_overdue');
    expect(due({}, '2027-01-30T23:59:59Z')).toBe(false);
    expect(due({}, '2027-01-31T00:00:00Z')).toBe(true);
    expect(due({ countingSince: null }, '2040-01-01T00:00:00Z')).toBe(false);
    const audits = ['2027-06-01', '2027-01-15'].map((performedOn) => ({
      performedOn,
      result: 'x',
      author: 'y',
    }));
    expect(due({ audits }, '2027-11-30T12:00:00Z')).toBe(false);
    expect(due({ audits }, '2027-12-01T00:00:00Z')).toBe(true);
  });
});
