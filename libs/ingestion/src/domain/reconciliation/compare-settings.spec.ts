import { describe, expect, test } from '@jest/globals';
import { compareSettings, type OurSettings, type TheirSettings } from './compare-settings.js';

const THEIRS: TheirSettings = {
  timeZone: 'UTC',
  window: 'calendar_day',
  evidence: 'origin_bytes',
  botsFiltered: true,
  countries: null,
};
const OURS: OurSettings = {
  windows: ['calendar_day'],
  uncountedDays: [],
  podcasts: [{ title: 'Harbour Light', evidence: ['origin_bytes', 'prefix_only'] }],
};
const found = (theirs: Partial<TheirSettings>, ours: Partial<OurSettings> = {}) =>
  compareSettings({ ...THEIRS, ...theirs }, { ...OURS, ...ours });

describe('settings', () => {
  test('that agree forbid nothing', () => {
    expect(found({})).toEqual([]);
    expect(found({ timeZone: 'Europe/London' })).toEqual([]);
    expect(found({ evidence: 'prefix_only' })).toEqual([]);
  });

  test.each([
    ['window', { window: 'first_touch' as const }, {}],
    ['window', { window: 'other' as const }, {}],
    ['window', {}, { windows: ['calendar_day', 'last_touch'] as const }],
    ['evidence', { evidence: 'client_confirmed' as const }, {}],
    ['evidence', {}, { podcasts: [{ title: 'Prefixed', evidence: ['prefix_only'] as const }] }],
    ['evidence', {}, { podcasts: [{ title: 'Silent', evidence: [] }] }],
    ['geography', { countries: ['DE', 'AT'] }, {}],
    ['bots', { botsFiltered: false }, {}],
    ['podcasts', {}, { podcasts: [] }],
  ])('%s: one that differs is named with its reason', (setting, theirs, ours) => {
    const differences = found(theirs, ours);
    expect(differences.map((difference) => difference.setting)).toEqual([setting]);
    expect(differences[0]?.reason).not.toBe('');
  });

  test('are all compared, so that everything is asked for at once', () => {
    const settings = found({
      window: 'other',
      countries: ['DE'],
      botsFiltered: false,
    });
    expect(settings.map(({ setting }) => setting)).toEqual(['window', 'geography', 'bots']);
  });

  test('a podcast without the evidence is named, one without any download does not stand in the way', () => {
    const podcasts = [
      ...OURS.podcasts,
      { title: 'Prefixed', evidence: ['prefix_only'] as const },
      { title: 'Silent', evidence: [] },
    ];
    expect(found({}, { podcasts })[0]?.reason).toContain('“Prefixed”');
    expect(found({}, { podcasts })[0]?.reason).not.toContain('“Silent”');
    expect(found({ evidence: 'prefix_only' }, { podcasts })).toEqual([]);
  });
});
