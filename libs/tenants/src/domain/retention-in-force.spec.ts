import { describe, expect, it } from '@jest/globals';
import { requireRetentionOrder, retentionInForce, type RetentionSettings } from './retention-in-force.js';

const DEFAULTS = {
  rawRetentionDays: 730,
  sliceRetentionDays: 1_100,
  hourRetentionDays: 3_660,
  dayRetentionDays: 36_500,
  monthRetentionDays: 36_500,
  ingestAcceptanceDays: 7,
};
const own = (settings: Partial<RetentionSettings>): RetentionSettings => ({
  rawRetentionDays: null,
  downloadRetentionDays: null,
  sliceRetentionDays: null,
  hourRetentionDays: null,
  dayRetentionDays: null,
  monthRetentionDays: null,
  ...settings,
});

describe('retention in force', () => {
  it('is the platform\u2019s where a tenant says nothing', () => {
    expect(retentionInForce(own({}), DEFAULTS)).toEqual({
      raw: 730,
      download: 730,
      slice: 1_100,
      hour: 3_660,
      day: 36_500,
      month: 36_500,
    });
  });

  it('never reaches into the acceptance window, and lets single downloads follow raw events', () => {
    expect(retentionInForce(own({ rawRetentionDays: 1 }), DEFAULTS)).toMatchObject({ raw: 8, download: 8 });
    expect(retentionInForce(own({ downloadRetentionDays: 900 }), DEFAULTS)).toMatchObject({ download: 900 });
  });

  it('keeps each level for as long as the one that it is made from', () => {
    expect(
      retentionInForce(own({ rawRetentionDays: 5_000, hourRetentionDays: 100 }), DEFAULTS),
    ).toMatchObject({
      slice: 5_000,
      hour: 5_000,
      download: 5_000,
    });
  });
});

describe('the order of retentions', () => {
  it.each<[Partial<RetentionSettings>, string | null]>([
    [{ rawRetentionDays: 5_000 }, null],
    [{ rawRetentionDays: 30, sliceRetentionDays: 30, hourRetentionDays: 30, dayRetentionDays: 30 }, null],
    [{ sliceRetentionDays: 729 }, 'sliceRetentionDays'],
    [{ sliceRetentionDays: 730 }, null],
    [{ downloadRetentionDays: 400 }, 'downloadRetentionDays'],
    [{ rawRetentionDays: 30, hourRetentionDays: 400 }, 'hourRetentionDays'],
    [{ dayRetentionDays: 4_000, monthRetentionDays: 3_999 }, 'monthRetentionDays'],
  ])('%j names the field at fault: %s', (settings, field) => {
    const check = () => requireRetentionOrder(own(settings), DEFAULTS);
    if (field === null) expect(check).not.toThrow();
    else expect(check).toThrow(expect.objectContaining({ code: 'retention_order', extra: { field } }));
  });
});
