import { randomUUID } from 'node:crypto';

const AGENTS = [
  'AntennaPod/3.4.0',
  'Overcast/3.0 (+http://overcast.fm/; iOS podcast app)',
  'Podcasts/4100.12 CFNetwork/3826.500.111 Darwin/25.0.0',
  'AppleCoreMedia/1.0.0.21F90 (iPhone; U; CPU OS 17_5 like Mac OS X; en_us)',
  'Spotify/8.9.10 Android/34 (Pixel 8)',
  'Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)',
] as const;

const CLOUDFRONT_COLUMNS =
  '#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) ' +
  'cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes ' +
  'time-taken x-forwarded-for ssl-protocol ssl-cipher x-edge-response-result-type cs-protocol-version fle-status ' +
  'fle-encrypted-fields c-port time-to-first-byte x-edge-detailed-result-type sc-content-type sc-content-len ' +
  'sc-range-start sc-range-end';

/** One request of the sample, as each format writes it down. */
interface Sample {
  readonly at: Date;
  readonly address: string;
  readonly path: string;
  readonly agent: string;
  readonly from: number;
  readonly bytes: number;
}

/** How each format writes a request down. */
const WRITERS = {
  cloudfront: ({ at, address, path, agent, from, bytes }: Sample) => {
    const [day, time] = at.toISOString().split(/[T.]/);
    const encoded = agent.replaceAll(' ', '%20');
    return (
      `${day}\t${time}\tYUL62-P4\t${bytes + 600}\t${address}\tGET\td111.cloudfront.net\t${path}\t206\t-\t${encoded}\t-\t-\tHit\t` +
      `${randomUUID()}\tcdn.example\thttps\t384\t3.499\t-\tTLSv1.3\tTLS_AES_128_GCM_SHA256\tHit\tHTTP/2.0\t-\t-\t25502\t0.087\t` +
      `Hit\taudio/mpeg\t${bytes}\t${from}\t${from + bytes - 1}`
    );
  },
  common: (sample: Sample) => common(sample),
  combined: (sample: Sample) => `${common(sample)} "-" "${sample.agent}"`,
  combined_range: (sample: Sample) =>
    `${common(sample)} "-" "${sample.agent}" "bytes=${sample.from}-${sample.from + sample.bytes - 1}"`,
  ndjson: ({ at, address, path, agent, from, bytes }: Sample) =>
    JSON.stringify({
      occurredAt: at.toISOString(),
      address,
      method: 'GET',
      host: 'cdn.example',
      path,
      status: 206,
      bytesServed: bytes,
      rangeAsked: `bytes=${from}-${from + bytes - 1}`,
      rangeServed: { from, to: from + bytes },
      userAgent: agent,
    }),
} as const;

function common({ at, address, path, bytes }: Sample): string {
  const [, day, month, year] = /^\w+, (\d+) (\w+) (\d+)/.exec(at.toUTCString()) ?? [];
  const time = `${day}/${month}/${year}:${at.toISOString().slice(11, 19)} +0000`;
  return `${address} - - [${time}] "GET ${path} HTTP/1.1" 206 ${bytes}`;
}

/** The formats that have a name. */
export type SampleFormat = keyof typeof WRITERS;
export const SAMPLE_FORMATS = Object.keys(WRITERS) as SampleFormat[];

/**
 * Lines of a log of one busy hour in the order of time, twenty a second, with its header where the format has one. Every
 * line is another request.
 */
export function sampleLogLines(format: SampleFormat, count: number, fromMs: number): string[] {
  const write = WRITERS[format];
  const lines = Array.from({ length: count }, (_, n) =>
    write({
      at: new Date(fromMs + Math.floor(n / 20) * 1_000),
      address: `10.${(n >> 12) & 255}.${(n >> 4) & 255}.${(n * 7) & 255}`,
      path: `/2026/10/episode-${n % 200}.mp3`,
      agent: AGENTS[n % AGENTS.length] ?? AGENTS[0],
      from: (n % 7) * 100_000,
      bytes: 600_000 + n,
    }),
  );
  return format === 'cloudfront' ? [CLOUDFRONT_COLUMNS, ...lines] : lines;
}
