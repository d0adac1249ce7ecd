import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RequestBatch } from './request-batch.js';

/** Where events go, and with which key. */
export interface Target {
  readonly origin: string;
  readonly key: string;
}

/** What came of a run of requests. */
export interface PostReport {
  /** Events that the API acknowledged as stored. */
  acknowledged: number;
  /** Answers of 503, each followed by another attempt. */
  refused: number;
  /** Time to answer of each request that was not refused. */
  latenciesMs: number[];
}

const RETRY_MS = 100;

/**
 * Sends batches to `POST /v1/events/batch`, one request at a time for each of `batches`, while `more` says so.
 * @throws Error for any answer but 503 and an acknowledgement of every event
 */
export async function postEvents(
  target: Target,
  batches: readonly RequestBatch[],
  more: () => boolean,
): Promise<PostReport> {
  const agent = new Agent({ keepAlive: true, maxSockets: batches.length });
  const report: PostReport = { acknowledged: 0, refused: 0, latenciesMs: [] };
  try {
    await Promise.all(batches.map((batch) => postWhile(target, agent, batch, more, report)));
  } finally {
    agent.destroy();
  }
  return report;
}

async function postWhile(
  target: Target,
  agent: Agent,
  batch: RequestBatch,
  more: () => boolean,
  report: PostReport,
): Promise<void> {
  while (more()) await postBatch(target, agent, batch, report);
}

/**
 * Sends one batch of new events, again and again while the API answers 503, and adds to `report` what came of it.
 * @throws Error for any other answer but an acknowledgement of every event
 */
export async function postBatch(
  target: Target,
  agent: Agent,
  batch: RequestBatch,
  report: PostReport,
): Promise<void> {
  const body = batch.renew();
  let answer = await timedPost(target, agent, body);
  // The client's duty: the same batch again. What was stored nevertheless answers as a duplicate.
  for (; answer.status === 503; answer = await timedPost(target, agent, body)) {
    report.refused += 1;
    await sleep(RETRY_MS);
  }
  // The counts come first; reading every outcome would cost time that belongs to the server.
  const [, accepted, duplicates] = /^\{"accepted":(\d+),"duplicates":(\d+),/.exec(answer.text) ?? [];
  const stored = Number(accepted) + Number(duplicates);
  if (answer.status !== 200 || stored !== batch.events.length)
    throw new Error(`the API answered ${answer.status} ${answer.text.slice(0, 300)}`);
  report.acknowledged += stored;
  report.latenciesMs.push(answer.ms);
}

async function timedPost(
  target: Target,
  agent: Agent,
  body: Buffer,
): Promise<{ status: number; text: string; ms: number }> {
  const startedAt = performance.now();
  const { status, text } = await post(target, agent, body);
  return { status, text, ms: performance.now() - startedAt };
}

function post(
  { origin, key }: Target,
  agent: Agent,
  body: Buffer,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(
      `${origin}/v1/events/batch`,
      {
        agent,
        method: 'POST',
        headers: {
          authorization: `Bearer ${key}`,
          'content-type': 'application/json',
          'content-length': body.length,
        },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('latin1') }),
        );
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}
