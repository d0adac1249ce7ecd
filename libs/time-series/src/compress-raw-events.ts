import { Injectable } from '@nestjs/common';
import { Settings } from '@lib/config';
import { DAY_MS } from '@lib/primitives';
import { HandlesJob } from '@lib/queue';
import { compressRawEventsJob } from './compress-raw-events.job.js';
import { EngineInForce } from './engine-in-force.js';

/** Compresses raw events that are older than any that still come in, where the engine can. */
@Injectable()
@HandlesJob(compressRawEventsJob)
export class CompressRawEvents {
  constructor(
    private readonly settings: Settings,
    private readonly engine: EngineInForce,
  ) {}

  async run(now = new Date()): Promise<Record<string, number>> {
    const before = new Date(now.getTime() - (this.settings.ingestAcceptanceDays + 1) * DAY_MS);
    return { compressed: await (await this.engine.get()).compress(before) };
  }
}
