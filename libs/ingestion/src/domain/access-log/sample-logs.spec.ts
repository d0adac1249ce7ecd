import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import ipaddr from 'ipaddr.js';
import { listenerNetwork } from '../../infrastructure/listener-network.js';
import { countInEveryWindow } from '../counting/count-requests.js';
import { DEFAULT_COUNTING_RULES, type NetworkClass } from '../counting/counting-rules.js';
import type { AgentClass, DownloadRequest, EpisodeSizes } from '../counting/download-request.js';
import type { Outcome } from '../counting/outcome.js';
import { identifyRequests } from './identify-requests.js';
import { isLineFault } from './line-fault.js';
import type { LoggedLine } from './line-parser.js';
import { locateEpisodes } from './locate-episodes.js';
import { detectLogFormat, openLogFormat } from './log-formats.js';

/** Two made-up logs with known answers; what they hold is written down in the tables below. */
const fixture = (name: string): string => readFileSync(join(__dirname, 'fixtures', name), 'utf8');
const rows = (name: string): string[][] =>
  fixture(name)
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => line.split(','));

const LOGS = {
  cloudfront: { file: 'cloudfront.standard.tsv', host: 'media.harbourlight.example', until: '2026-10-15' },
  nginx: { file: 'nginx.combined-range.log', host: 'audio.dailyledger.example', until: '2026-10-17' },
} as const;
type LogName = keyof typeof LOGS;

/** The agents that do not count, by a part of their text. Every other agent of the two logs does. */
const AGENTS: readonly (readonly [RegExp, AgentClass])[] = [
  [/^atc\/.*watchOS|\(null\)\/\(null\) watchOS/, 'apple_watch'],
  [/Firefox\/1430/, 'malformed'],
  [
    /GPTBot|PodscanBot|UptimeRobot|op3-fetcher|MagellanAI|Rephonic|podcast-stt|Podtrac Feed Scanner/,
    'bot_agent',
  ],
  [/^(?:Go-http-client|python-urllib3|axios|aria2)\//, 'bot_library'],
];

function agentClass(userAgent: string | null): AgentClass {
  if (userAgent === null) return 'none';
  return AGENTS.find(([pattern]) => pattern.test(userAgent))?.[1] ?? 'app';
}

const NETWORKS = rows('networks.csv').map(([cidr = '', name]) => ({
  range: ipaddr.parseCIDR(cidr),
  name: name as NetworkClass,
}));

function networkClass(address: string): NetworkClass {
  const parsed = ipaddr.process(address);
  const network = NETWORKS.find(({ range }) => range[0].kind() === parsed.kind() && parsed.match(range));
  return network?.name ?? 'unknown';
}

const HLS = 'audio.dailyledger.example/hls/ml-0299/master.m3u8';
const EPISODES = new Map<string, EpisodeSizes>(
  rows('episodes.csv').map(([log, path = '', fileBytes, headerBytes, durationSeconds]) => [
    LOGS[log as LogName].host + path,
    {
      fileBytes: Number(fileBytes),
      headerBytes: Number(headerBytes),
      durationSeconds: Number(durationSeconds),
    },
  ]),
);
EPISODES.set(HLS, { fileBytes: null, headerBytes: null, durationSeconds: 674 });

function readLog(name: LogName): LoggedLine[] {
  const lines = fixture(LOGS[name].file).trimEnd().split('\n');
  const parse = openLogFormat(detectLogFormat(lines.slice(0, 100)) ?? '')();
  return lines.map(parse).filter((line): line is LoggedLine => {
    if (line !== null && isLineFault(line)) throw new Error(`a fault: ${line.rule}`);
    return line !== null;
  });
}

function requestsOf(
  name: LogName,
  change: (line: LoggedLine) => LoggedLine = (line) => line,
): DownloadRequest[] {
  const files = [...EPISODES.keys()].map((key) => ({ episodeId: key, mediaKey: key, segmentMs: null }));
  const locate = locateEpisodes(files, { missing: LOGS[name].host, aliases: new Map() });
  const identify = identifyRequests(name);
  return readLog(name).map((original, index): DownloadRequest => {
    const { request } = change(original);
    const { address, userAgent, referrer: _, ...rest } = request;
    const network = listenerNetwork(address ?? '') ?? '';
    const located = locate(request);
    return {
      ...rest,
      id: identify(original, index),
      evidence: 'origin_bytes',
      hls: located?.hls ?? null,
      episode: located?.episodeId ?? null,
      listener: `${network}\n${userAgent ?? ''}`,
      address: network,
      agent: agentClass(userAgent),
      network: networkClass(address ?? ''),
      addressList: null,
      badReferrer: false,
    };
  });
}

function count(
  name: LogName,
  requests: readonly DownloadRequest[],
  breadth = DEFAULT_COUNTING_RULES.breadth,
) {
  const untilMs = Date.parse(`${LOGS[name].until}T00:00:00Z`);
  const rules = { ...DEFAULT_COUNTING_RULES, breadth };
  return countInEveryWindow({ requests, episodes: EPISODES, untilMs }, rules);
}

function totals(counts: ReturnType<typeof countInEveryWindow>): number[] {
  return [counts.calendar_day, counts.first_touch, counts.last_touch].map(
    ({ downloads }) => downloads.length,
  );
}

test.each([
  ['cloudfront', 'cloudfront', 308],
  ['nginx', 'combined_range', 300],
] as const)('every line of the %s log is understood', (name, format, requests) => {
  expect(detectLogFormat(fixture(LOGS[name].file).split('\n').slice(0, 100))).toBe(format);
  expect(readLog(name)).toHaveLength(requests);
});

describe.each([
  ['cloudfront', [165, 166, 165]],
  ['nginx', [143, 143, 142]],
] as const)('the %s log', (name, expected) => {
  test('has the known downloads in all three windows', () => {
    expect(totals(count(name, requestsOf(name)))).toEqual(expected);
  });

  test('has them whatever the order of its lines', () => {
    expect(totals(count(name, requestsOf(name).reverse()))).toEqual(expected);
  });
});

/** Where the lines go by calendar days. */
const OUTCOMES: Readonly<Record<LogName, Partial<Record<Outcome, number>>>> = {
  cloudfront: {
    duplicate_delivery: 1,
    not_an_episode: 5,
    not_get: 8,
    status: 8,
    range_probe: 23,
    apple_watch: 6,
    malformed_agent: 2,
    bot_agent: 8,
    bot_library: 4,
    datacentre: 8,
    vpn: 3,
    below_threshold: 14,
    counted: 165,
  },
  nginx: {
    not_an_episode: 6,
    not_get: 8,
    status: 7,
    range_probe: 14,
    apple_watch: 4,
    malformed_agent: 1,
    bot_agent: 6,
    bot_library: 4,
    datacentre: 4,
    breadth: 45,
    below_threshold: 21,
    counted: 143,
  },
};
const FURTHER = { cloudfront: 53, nginx: 37 };

test.each(['cloudfront', 'nginx'] as const)('every line of the %s log has the known outcome', (name) => {
  const tally = new Map<Outcome, number>();
  for (const outcome of count(name, requestsOf(name)).calendar_day.outcomes)
    tally.set(outcome, (tally.get(outcome) ?? 0) + 1);
  const {
    merged_piece: merged = 0,
    repeat_in_window: repeats = 0,
    ...others
  } = Object.fromEntries(tally) as Partial<Record<Outcome, number>>;
  expect(others).toEqual(OUTCOMES[name]);
  expect(merged + repeats).toBe(FURTHER[name]);
});

test('without the breadth rule the sweep of a catalogue counts', () => {
  expect(totals(count('nginx', requestsOf('nginx'), null))[0]).toBe(143 + 45);
});

test('no two lines share an id but the one that was delivered twice', () => {
  const ids = (name: LogName): number => new Set(requestsOf(name).map(({ id }) => id)).size;
  expect([ids('cloudfront'), ids('nginx')]).toEqual([307, 300]);
});
