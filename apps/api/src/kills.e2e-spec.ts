import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import {
  KillStage,
  outcomeOf,
  SeededRandom,
  untilWithin,
  type StageNumbers,
  type StageTenant,
} from '@lib/testing';

const until = untilWithin(60_000);

// Compiling takes its time on a busy machine.
jest.setTimeout(600_000);

const LINES = 16_000;
/** Of each kind. A round of some dozens, changed here, takes a quarter of an hour. */
const KILLS = 2;
const HOST = 'cdn.example';
const DAYS = { from: '2026-10-14', to: '2026-10-18' } as const;
/** Another one each time; put the one that was printed here to see the same kills. */
const SEED = Date.now() % 1_000_000;

const AGENTS = ['AntennaPod/3.4.0', 'Overcast/3.0 (+http://overcast.fm/; iOS podcast app)', 'AhrefsBot/7.0'];
const LOG = gzipSync(Array.from({ length: LINES }, (_, index) => line(index)).join(''));

let stage: KillStage;
let log: string;
let undisturbed: StageNumbers;

beforeAll(async () => {
  process.stdout.write(`\nThe seed of these kills is ${SEED}.\n`);
  stage = await KillStage.start();
  log = join(stage.directory, 'access.log.gz');
  writeFileSync(log, LOG);
  const tenant = await createTenant('Undisturbed');
  expect(await outcomeOf(importLog(tenant))).toMatchObject({ code: 0 });
  undisturbed = await stage.numbers(tenant, DAYS.from, DAYS.to);
});
afterAll(async () => expect(await stage.stop()).toEqual([]));

/**
 * Two hours around a midnight, of listeners who come again and again: pieces and whole files, bots, faults, lines that
 * stand there twice, and files of no episode.
 */
function line(index: number): string {
  if (index % 1_000 === 999) return 'a line that is no request\n';
  const twin = index % 50 === 7 ? index - 1 : index;
  const minute = Math.floor((twin / LINES) * 120);
  const clock = `${minute < 60 ? 23 : '00'}:${String(minute % 60).padStart(2, '0')}:${String(twin % 60).padStart(2, '0')}`;
  const at = `${minute < 60 ? 15 : 16}/Oct/2026:${clock} +0000`;
  const path = twin % 25 === 0 ? '/cover.jpg' : `/${twin % 3}.mp3`;
  const listener = (twin * 7_919) % 4_000;
  const [status, bytes] = twin % 5 === 0 ? [304, 0] : [200, 5_000 + (twin % 16) * 1_000];
  const request = `${twin % 40 === 3 ? 'HEAD' : 'GET'} ${path} HTTP/1.1`;
  return `10.9.${listener >> 8}.${listener & 255} - - [${at}] "${request}" ${status} ${bytes} "-" "${AGENTS[listener % 3]}"\n`;
}

const createTenant = (name: string): Promise<StageTenant> =>
  stage.createTenant(
    name,
    [0, 1, 2].map((n) => `https://${HOST}/${n}.mp3`),
  );

const importLog = ({ tenantId }: StageTenant, ...more: string[]) =>
  stage.command('import', 'log', '--tenant', tenantId, '--file', log, '--host', HOST, ...more);

async function doneLines({ tenantId }: StageTenant): Promise<number> {
  const text = 'SELECT coalesce(sum(done_lines), 0)::int AS done FROM import_files WHERE tenant_id = $1';
  const [row] = await stage.query<{ done: number }>(text, [tenantId]);
  return row?.done ?? 0;
}

/** Kills somewhere in the middle of what is left of the file, which can be in the middle of any step. */
async function killInside(tenant: StageTenant, random: SeededRandom, kill: () => Promise<void> | void) {
  const before = await doneLines(tenant);
  const behind = before + random.integer(1, Math.ceil((LINES - before) / 2));
  await until('so many lines are stored', async () => (await doneLines(tenant)) >= behind);
  await sleep(random.integer(0, 100));
  await kill();
  return doneLines(tenant);
}

const isInside = (done: number) => done > 0 && done < LINES;

test('an undisturbed import brings something of everything', () => {
  const { stored, outcomes } = undisturbed;
  const met = ['not_get', 'status', 'bot_agent', 'below_threshold', 'repeat_in_window', 'counted'];
  expect(Object.keys(outcomes)).toEqual(
    expect.arrayContaining(met.map((outcome) => `origin_bytes ${outcome}`)),
  );
  expect(stored['downloads']).toMatchObject([{ n: outcomes['origin_bytes counted'] }]);
  expect(stored['files']).toMatchObject([{ done_lines: LINES, finished: true }]);
});

describe('a log counts as if undisturbed', () => {
  test('when the importer is killed again and again, and started again', async () => {
    const random = new SeededRandom(SEED, 'importer');
    const tenant = await createTenant('Importer');
    const done: number[] = [];
    for (let kill = 0; kill < KILLS; kill += 1) {
      const importer = importLog(tenant);
      const ended = outcomeOf(importer);
      done.push(await killInside(tenant, random, () => void importer.kill('SIGKILL')));
      await ended;
    }
    expect(done.some(isInside)).toBe(true);
    expect(await outcomeOf(importLog(tenant))).toMatchObject({ code: 0 });
    expect(await stage.numbers(tenant, DAYS.from, DAYS.to)).toEqual(undisturbed);
  });

  test('when PostgreSQL is killed while it is imported, whether the importer waits or is started again', async () => {
    const random = new SeededRandom(SEED, 'postgres');
    const tenant = await createTenant('PostgreSQL');
    const kill = () => killInside(tenant, random, () => stage.installation.postgres.kill());
    const impatient = outcomeOf(importLog(tenant, '--wait-seconds', '0'));
    const done = [await kill()];
    const { code, output } = await impatient;
    expect([code, output]).toEqual([
      1,
      expect.stringMatching(/not come back within 0 s .*Run the same command again/),
    ]);
    const patient = outcomeOf(importLog(tenant));
    for (let kills = 1; kills < KILLS; kills += 1) done.push(await kill());
    expect(done.some(isInside)).toBe(true);
    // On a busy machine the last kill may come when everything is stored.
    const saysSo = done.slice(1).some(isInside) ? 'the database went away behind line' : '';
    expect(await patient).toEqual({ code: 0, signal: null, output: expect.stringContaining(saysSo) });
    expect(await stage.numbers(tenant, DAYS.from, DAYS.to)).toEqual(undisturbed);
  });

  test('when the API is killed again and again while it is uploaded', async () => {
    const random = new SeededRandom(SEED, 'api');
    const tenant = await createTenant('Upload');
    const done: number[] = [];
    for (let kill = 0; kill < KILLS; kill += 1) {
      const answer = upload(tenant);
      done.push(await killInside(tenant, random, () => stage.installation.apis[0]?.kill()));
      await answer;
      await until('the API is back', isReady);
    }
    expect(done.some(isInside)).toBe(true);
    expect(await upload(tenant)).toBe(200);
    expect(await stage.numbers(tenant, DAYS.from, DAYS.to)).toEqual(undisturbed);
  });
});

/** The status of the answer; undefined when there is none. */
async function upload({ key }: StageTenant): Promise<number | undefined> {
  const body = new FormData();
  body.set('file', new Blob([LOG]), 'access.log.gz');
  const headers = { authorization: `Bearer ${key}` };
  const request = { method: 'POST', body, headers };
  return (await fetch(`${stage.origin}/v1/imports/logs?host=${HOST}`, request).catch(() => undefined))
    ?.status;
}

async function isReady(): Promise<boolean> {
  return (await fetch(`${stage.origin}/health/ready`).catch(() => undefined))?.status === 200;
}

const OF_REDIRECT = 'SELECT FROM listener_events WHERE tenant_id = $1';

test('no listener who is redirected while PostgreSQL is killed is lost, or counted twice', async () => {
  const random = new SeededRandom(SEED, 'redirect');
  const tenant = await createTenant('Redirect');
  const handle = `show-${SEED}`;
  await stage.query(
    "INSERT INTO public_handles (tenant_id, kind, handle, target_id) VALUES ($1, 'redirect', $2, $3)",
    [tenant.tenantId, handle, tenant.podcastId],
  );
  const redirect = async (agent: string) => {
    const headers = { 'user-agent': agent };
    const url = `${stage.origin}/r/${handle}/${HOST}/1.mp3`;
    return (await fetch(url, { redirect: 'manual', headers })).status;
  };
  // The first requests may wait neither for a handle nor for keys that a busy machine has not read yet: they are not
  // redirected, or recorded without a listener.
  const sent: string[] = [];
  await until('listeners are known', async () => {
    const agent = `AntennaPod/0.${sent.length}`;
    if ((await redirect(agent)) === 302) sent.push(agent);
    return (await stage.query(`${OF_REDIRECT} AND count_id_today IS NOT NULL`, [tenant.tenantId])).length > 0;
  });

  const warmUps = sent.length;
  const done = new AbortController();
  const streams = [1, 2, 3].map(async (stream) => {
    for (let n = 0; !done.signal.aborted; n += 1) {
      const agent = `AntennaPod/${stream}.${n}`;
      expect(await redirect(agent)).toBe(302);
      sent.push(agent);
      await sleep(10);
    }
  });
  for (let kill = 0; kill < KILLS; kill += 1) {
    await sleep(random.integer(200, 1_000));
    await stage.installation.postgres.kill();
  }
  await sleep(500);
  done.abort();
  await Promise.all(streams);

  const recorded = () =>
    stage.query<{ agent: string }>(
      `SELECT u.value AS agent FROM listener_events l
       JOIN user_agents u ON u.tenant_id = l.tenant_id AND u.id = l.user_agent_id WHERE l.tenant_id = $1`,
      [tenant.tenantId],
    );
  await until('all are recorded', async () => (await recorded()).length >= sent.length);
  const stored = (await recorded()).map(({ agent }) => agent);
  expect(sent.filter((agent) => !stored.includes(agent))).toEqual([]);
  expect(stored.filter((agent, at) => stored.indexOf(agent) < at)).toEqual([]);
  const [from, to] = [-1, 2].map((days) =>
    new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10),
  );
  const numbers = await stage.numbers(tenant, from ?? '', to ?? '');
  const early = (await stage.query(`${OF_REDIRECT} AND count_id_today IS NULL`, [tenant.tenantId])).length;
  expect(early).toBeLessThan(warmUps);
  expect(numbers.outcomes).toEqual({
    'prefix_only counted': sent.length - early,
    ...(early > 0 && { 'prefix_only no_listener': early }),
  });
  expect(numbers.stored['downloads']).toMatchObject([{ n: sent.length - early }]);
});
