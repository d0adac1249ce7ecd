import { DomainError } from '@lib/primitives';

/** For how many days a tenant wants each level of its data kept; null takes the platform's default. */
export interface RetentionSettings {
  rawRetentionDays: number | null;
  downloadRetentionDays: number | null;
  sliceRetentionDays: number | null;
  hourRetentionDays: number | null;
  dayRetentionDays: number | null;
  monthRetentionDays: number | null;
}

/**
 * For how many days each level is kept: raw events, single downloads, and rollups of 5 minutes, hours, days and months.
 */
export type RetentionDays = Record<'raw' | 'download' | 'slice' | 'hour' | 'day' | 'month', number>;

/** What holds for every tenant that does not say otherwise, in days. Single downloads follow raw events. */
export interface RetentionDefaults {
  readonly rawRetentionDays: number;
  readonly sliceRetentionDays: number;
  readonly hourRetentionDays: number;
  readonly dayRetentionDays: number;
  readonly monthRetentionDays: number;
  /** Raw events are kept for a day more at least, whoever asks for less. */
  readonly ingestAcceptanceDays: number;
}

/**
 * What is in force for a tenant. No level is kept for less than the one that it is made from: a coarse number then
 * always outlives what could change it.
 */
export function retentionInForce(own: RetentionSettings, defaults: RetentionDefaults): RetentionDays {
  const raw = Math.max(own.rawRetentionDays ?? defaults.rawRetentionDays, defaults.ingestAcceptanceDays + 1);
  const slice = Math.max(own.sliceRetentionDays ?? defaults.sliceRetentionDays, raw);
  const hour = Math.max(own.hourRetentionDays ?? defaults.hourRetentionDays, slice);
  const day = Math.max(own.dayRetentionDays ?? defaults.dayRetentionDays, hour);
  const month = Math.max(own.monthRetentionDays ?? defaults.monthRetentionDays, day);
  return { raw, download: Math.max(own.downloadRetentionDays ?? raw, raw), slice, hour, day, month };
}

const MADE_FROM = [
  ['download', 'raw'],
  ['slice', 'raw'],
  ['hour', 'slice'],
  ['day', 'hour'],
  ['month', 'day'],
] as const;

/**
 * Refuses to promise that a level goes before the one that it is made from.
 * @throws DomainError `retention_order` (400)
 */
export function requireRetentionOrder(own: RetentionSettings, defaults: RetentionDefaults): void {
  const inForce = retentionInForce(own, defaults);
  for (const [level, finer] of MADE_FROM) {
    const days = own[`${level}RetentionDays`];
    if (days !== null && days < inForce[finer])
      throw new DomainError(
        'retention_order',
        400,
        `${level}RetentionDays must be at least ${finer}RetentionDays, which is ${inForce[finer]} here: ` +
          `set a lower ${finer}RetentionDays too, or keep it longer.`,
        { field: `${level}RetentionDays` },
      );
  }
}
