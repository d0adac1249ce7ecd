import { RefreshAggregates, RefreshAudience, RefreshDimensions, RefreshReleaseCurves } from '@lib/metrics';
import { SLICE_MS } from '@lib/primitives';
import type { CommandIo } from '../../command-io.js';
import { CommandFailed } from '../../command.errors.js';
import { renderTable } from '../../render-table.js';
import { withApplication } from '../../with-application.js';
import { spread } from '../spread.js';
import type { BenchProduct } from '../with-bench-product.js';
import { addEvents } from './add-events.sql.js';
import type { BenchTenant } from './bench-tenant.js';
import { smallMedianLarge } from './tenant-shapes.js';

const STAGES = {
  totals: RefreshAggregates,
  dimensions: RefreshDimensions,
  releases: RefreshReleaseCurves,
  listeners: RefreshAudience,
} as const;
type Stage = keyof typeof STAGES;
const STAGE_NAMES = Object.keys(STAGES) as Stage[];

/** What following some events took, in the middle: milliseconds and rows. */
export interface RefreshCost {
  readonly tenant: string;
  readonly events: number;
  readonly stages: Readonly<Record<Stage, { readonly milliseconds: number; readonly rows: number }>>;
}

const EVENT_COUNTS = [1, 100] as const;
const ROUNDS = 5;
/** Noon of the day that events are added to, and slices of their own for each round. */
const NOON_SLICE = 144;

/**
 * Adds some events to one slice of a day, for tenants of all sizes, and measures what the product's refreshers take to
 * follow them. Needs a database without marks.
 *
 * @param day 00:00 UTC of a day of the history
 */
export function measureRefresh(
  product: BenchProduct,
  tenants: readonly BenchTenant[],
  day: Date,
): Promise<RefreshCost[]> {
  return withApplication(product.settings, async (application) => {
    const costs: RefreshCost[] = [];
    let slice = NOON_SLICE;
    for (const { name, tenant } of smallMedianLarge(tenants))
      for (const events of EVENT_COUNTS) {
        const measured = STAGE_NAMES.map((stage) => ({
          stage,
          milliseconds: [] as number[],
          rows: [] as number[],
        }));
        // The first round finds out what the planner needs, and is left out.
        for (let round = 0; round <= ROUNDS; round += 1, slice += 1) {
          await addEvents(product.owner, tenant.tenantId, new Date(day.getTime() + slice * SLICE_MS), events);
          for (const { stage, milliseconds, rows } of measured) {
            const drain = application.get<Drain>(STAGES[stage], { strict: false });
            const startedAt = performance.now();
            const report = await drain.run();
            if (report.failed + report.busy > 0) throw new CommandFailed('a day could not be refreshed');
            if (round === 0) continue;
            milliseconds.push(performance.now() - startedAt);
            rows.push(report.rows);
          }
        }
        const stages = Object.fromEntries(
          measured.map(({ stage, milliseconds, rows }) => [
            stage,
            { milliseconds: spread(milliseconds).median, rows: spread(rows).median },
          ]),
        ) as RefreshCost['stages'];
        costs.push({ tenant: name, events, stages });
      }
    return costs;
  });
}

interface Drain {
  run(): Promise<{ rows: number; busy: number; failed: number }>;
}

/** Prints costs beside those when the history was shorter. */
export function printRefreshCosts(
  io: CommandIo,
  earlier: readonly RefreshCost[],
  costs: readonly RefreshCost[],
  times: number,
): void {
  const rows = costs.flatMap((cost, at) =>
    STAGE_NAMES.map((stage) => {
      const [before, after] = [earlier[at]?.stages[stage], cost.stages[stage]];
      return [
        before === undefined ? '' : before.milliseconds.toFixed(1),
        after.milliseconds.toFixed(1),
        before === undefined ? '' : (after.milliseconds / before.milliseconds).toFixed(2),
        after.rows.toFixed(0),
        `${stage}, ${cost.events} events in a slice of the ${cost.tenant} tenant`,
      ];
    }),
  );
  const head = ['ms', `ms, ${times.toFixed(0)}×`, 'ratio', 'rows', 'refresh as the history grows'];
  io.print(renderTable(head, rows, io.columns));
}
