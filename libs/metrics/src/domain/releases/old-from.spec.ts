import { describe, expect, it } from '@jest/globals';
import { oldFrom } from './old-from.js';

const kept = { slice: Date.parse('2026-03-20'), hour: Date.parse('2026-03-10') };

describe('from when on an episode is old', () => {
  it.each([
    ['2026-03-20T10:15Z', '2026-03-20T10:15Z', 'quarter_hour'],
    ['2026-03-19T23:45Z', '2026-03-20T00:00Z', 'hour'],
    ['2026-03-12T10:15Z', '2026-03-12T11:00Z', 'hour'],
    ['2026-03-12T10:00Z', '2026-03-12T10:00Z', 'quarter_hour'],
    ['2026-03-09T10:00Z', '2026-03-10T00:00Z', 'day'],
    ['2026-03-09T10:15Z', '2026-03-10T00:00Z', 'day'],
    ['2026-03-09T00:00Z', '2026-03-09T00:00Z', 'quarter_hour'],
  ])('%s is %s, by the %s', (reached, at, step) => {
    expect(oldFrom(Date.parse(reached), kept)).toEqual({ at: Date.parse(at), step });
  });

  it('is never rounded where nothing was removed', () => {
    const at = Date.parse('2020-03-09T10:15Z');
    expect(oldFrom(at, { slice: null, hour: null })).toEqual({ at, step: 'quarter_hour' });
  });
});
