import { DAY_MS, HOUR_MS, MINUTE_MS } from '@lib/primitives';
import type { SeededRandom } from './seeded-random.js';
import type { DrillTenant, EventBody, SentEvent } from './sent-event.js';

const PLAYER_TYPES = ['play', 'pause', 'resume', 'seek', 'progress', 'complete', 'ad_delivered', 'ad_play'];
const WINDOW_MS = 7 * DAY_MS;
/** Further inside the window than a drill is long, so that no event gets too old while it is being sent. */
const MARGIN_MS = 2 * HOUR_MS;

/** Ways to be refused, each with the code of the answer. */
const SPOILERS: readonly [
  code: string,
  spoil: (body: EventBody, random: SeededRandom, foreign: string) => void,
][] = [
  ['future', (body, random) => (body.occurredAt = ago(-HOUR_MS - random.next() * DAY_MS))],
  ['too_old', (body, random) => (body.occurredAt = ago(WINDOW_MS + HOUR_MS + random.next() * HOUR_MS))],
  ['schema', (body) => (body.occurredAt = body.occurredAt.replace('Z', '001Z'))],
  ['unknown_type', (body) => (body.type = 'listened')],
  ['unknown_field', (body) => (body['listener'] = 'me')],
  ['nul_byte', (body) => (body.data['text'] = 'a\u0000b')],
  ['lone_surrogate', (body) => (body.data['text'] = '\ud800')],
  ['unknown_episode', (body, random) => (body.episodeId = random.uuid())],
  // Another tenant's episode is as unknown as one that nobody has.
  ['unknown_episode', (body, _random, foreign) => (body.episodeId = foreign)],
];

/**
 * Makes events of one tenant: recent ones, late ones from all over the acceptance window, close together so that every
 * batch touches few slices, and some that must be refused.
 */
export class EventSource {
  private count = 0;

  constructor(
    private readonly random: SeededRandom,
    private readonly tenant: DrillTenant,
    private readonly other: DrillTenant,
    private readonly trusted: boolean,
  ) {}

  /** `size` new events. */
  batch(size: number): SentEvent[] {
    const focus = this.random.chance(0.4)
      ? MINUTE_MS * this.random.next()
      : MARGIN_MS + this.random.next() * (WINDOW_MS - 2 * MARGIN_MS);
    return Array.from({ length: size }, () => {
      const event = this.event(Math.max(0, focus + (this.random.next() - 0.5) * 10 * MINUTE_MS));
      return this.random.chance(0.03) ? this.spoiled(event) : event;
    });
  }

  /** The same id and time, sent by another tenant: another event altogether. */
  twin(event: SentEvent): SentEvent {
    const { body } = this.event(0);
    return this.sent({ ...body, id: event.body.id, occurredAt: event.body.occurredAt }, 'stored');
  }

  /** The same identity with another payload: must be refused, and must not change what is stored. */
  contradiction(event: SentEvent): SentEvent {
    const data = { ...event.body.data, text: 'not what was said before' };
    return this.sent({ ...event.body, data }, 'conflict');
  }

  private spoiled({ body }: SentEvent): SentEvent {
    const [code, spoil] = this.random.pick(SPOILERS);
    spoil(body, this.random, this.random.pick(this.other.episodeIds));
    return this.sent(body, code);
  }

  private event(ageMs: number): SentEvent {
    const { random, tenant } = this;
    this.count += 1;
    const body: EventBody = {
      id: random.uuid(),
      type: random.chance(0.4) ? 'download_request' : random.pick(PLAYER_TYPES),
      occurredAt: ago(ageMs),
      episodeId: random.pick(tenant.episodeIds),
      sessionId: `${tenant.canary}-${this.count}`,
      data: { canary: tenant.canary, text: 'naïve 🎧 “quoted” \\ \n', n: this.count },
    };
    if (body.type === 'download_request') {
      const bytes = random.integer(0, 40_000_000);
      body.request = { method: 'GET', status: 206, range: 'bytes=0-', ...(random.chance(0.7) && { bytes }) };
    } else body.positionMs = random.integer(0, 7_200_000);
    if (this.trusted) body.client = { ip: `192.0.2.${random.integer(1, 254)}`, userAgent: 'DrillCast/1.0' };
    return this.sent(body, 'stored');
  }

  private sent(body: EventBody, expected: string): SentEvent {
    return { tenant: this.tenant, trusted: this.trusted, body, expected, final: false, accepted: 0 };
  }
}

function ago(ms: number): string {
  return new Date(Date.now() - Math.round(ms)).toISOString();
}
