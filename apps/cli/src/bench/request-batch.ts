import { freshIdentity, type SampleEvent } from './sample-events.js';

const ID_PLACE = '"id":"';
const TIME_PLACE = '"occurredAt":"';
/** As long as a real identity, so that one can be written over it. */
const BLANK = { id: '-'.repeat(36), occurredAt: '-'.repeat(24) };

/**
 * The body of one batch request that becomes another batch by new ids and times written into the same bytes: making
 * load costs the load generator little of the processor that it shares with what is measured.
 */
export class RequestBatch {
  private readonly body: Buffer;
  private readonly places: readonly { id: number; occurredAt: number }[];

  constructor(readonly events: readonly SampleEvent[]) {
    this.body = Buffer.from(JSON.stringify({ events: events.map((event) => ({ ...BLANK, ...event })) }));
    let end = 0;
    this.places = events.map(() => {
      const id = this.body.indexOf(ID_PLACE, end) + ID_PLACE.length;
      const occurredAt = this.body.indexOf(TIME_PLACE, id) + TIME_PLACE.length;
      end = occurredAt;
      return { id, occurredAt };
    });
  }

  /** The body with identities that were never sent. Valid until the next call. */
  renew(): Buffer {
    const now = Date.now();
    for (const place of this.places) {
      const { id, occurredAt } = freshIdentity(now);
      this.body.write(id, place.id, 'latin1');
      this.body.write(occurredAt, place.occurredAt, 'latin1');
    }
    return this.body;
  }
}
