import { setTimeout as sleep } from 'node:timers/promises';
import { DAY_MS, utcDate } from '@lib/primitives';
import { tryAgainFault } from './judge-answer.js';
import type { SeededRandom } from './seeded-random.js';
import type { DrillTenant } from './sent-event.js';
import type { Violations } from './violations.js';

const PAUSE_MS = 300;

/** One person per tenant who looks at numbers all the time: reading has to fail as honestly as writing. */
export class Readers {
  /** Answers by status; `none` is a connection that was refused or broken. */
  readonly answers = new Map<string, number>();
  private stopped = false;
  private reading: Promise<void>[] = [];

  constructor(
    private readonly tenants: readonly DrillTenant[],
    private readonly origins: readonly string[],
    private readonly random: SeededRandom,
    private readonly violations: Violations,
  ) {}

  start(): void {
    this.reading = this.tenants.map((tenant) => this.read(tenant));
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await Promise.all(this.reading);
  }

  private async read({ adminKey }: DrillTenant): Promise<void> {
    while (!this.stopped) {
      const status = await this.ask(this.random.pick(this.origins), adminKey);
      this.answers.set(status, (this.answers.get(status) ?? 0) + 1);
      await sleep(PAUSE_MS);
    }
  }

  private async ask(origin: string, key: string): Promise<string> {
    const day = utcDate(new Date(Date.now() - DAY_MS));
    const path = this.random.pick([
      'tenant',
      'podcasts',
      `metrics/totals?from=${day}T00:00:00Z&to=${day}T01:00:00Z`,
    ]);
    try {
      const response = await fetch(`${origin}/v1/${path}`, {
        headers: { authorization: `Bearer ${key}` },
        signal: AbortSignal.timeout(30_000),
      });
      const { status, headers } = response;
      const text = await response.text();
      const fault = status === 200 ? undefined : tryAgainFault(status, headers.get('retry-after'));
      if (fault !== undefined) this.violations.add('I7', `/v1/${path}: ${fault} ${text.slice(0, 300)}`);
      return String(status);
    } catch {
      return 'none';
    }
  }
}
