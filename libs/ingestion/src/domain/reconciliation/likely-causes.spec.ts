import { describe, expect, test } from '@jest/globals';
import { DEFAULT_COUNTING_RULES } from '../counting/counting-rules.js';
import { likelyCauses, type OurPractices, type TheirPractices } from './likely-causes.js';
import { reconcile } from './reconcile.js';

const OURS: OurPractices = {
  evidence: 'origin_bytes',
  rules: [DEFAULT_COUNTING_RULES],
  networkDataLoaded: true,
  uncountedDays: 0,
  sameDays: true,
};
const numbers = (ours: number, theirs: number) =>
  reconcile([{ subjectId: 'a', day: '2026-10-12', ours, theirs }]);
const codes = (ours: number, theirs: TheirPractices = {}, own: Partial<OurPractices> = {}) =>
  likelyCauses(numbers(ours, 100), theirs, { ...OURS, ...own }).map(({ code }) => code);

describe('likely causes', () => {
  test('are not named for what is normal', () => {
    expect(codes(105)).toEqual([]);
    expect(codes(95)).toEqual([]);
  });

  test('explain the direction of the difference', () => {
    expect(codes(80)).toEqual(
      expect.arrayContaining(['one_minute', 'range_sum', 'ipv6', 'apple_watch', 'data_centres']),
    );
    expect(codes(80)).not.toContain('their_source');
    expect(codes(120)).toEqual(['listener_key', 'agent_lists', 'their_source']);
  });

  test('put first what the other party declares, then what is known here, and leave out what it follows', () => {
    const [declared, known] = likelyCauses(
      numbers(80, 100),
      { ipv6Prefix: false, oneMinuteRule: true },
      OURS,
    );
    expect(declared).toMatchObject({ code: 'ipv6', certainty: 'declared', larger: 'theirs' });
    expect(known).toMatchObject({ code: 'volume_rules', certainty: 'known' });
    expect(codes(80, { ipv6Prefix: false, oneMinuteRule: true })).not.toContain('one_minute');
  });

  test('of our own rules follow the rule sets', () => {
    const rules = [
      {
        ...DEFAULT_COUNTING_RULES,
        contentSeconds: null,
        header: 'content_only' as const,
        filteredNetworks: [],
      },
    ];
    const own = codes(120, {}, { rules });
    expect(own).toEqual(expect.arrayContaining(['no_threshold', 'header_policy', 'data_centres_counted']));
    expect(codes(120, { oneMinuteRule: false }, { rules })).not.toContain('no_threshold');
    expect(codes(80, {}, { rules })).not.toContain('one_minute');
    expect(codes(120, {}, { evidence: 'prefix_only' })).toContain('no_bytes');
    expect(codes(80, {}, { evidence: 'prefix_only' })).not.toContain('one_minute');
    expect(codes(120, {}, { networkDataLoaded: false })).toContain('data_centres_counted');
    expect(codes(80, {}, { uncountedDays: 2 })[0]).toBe('uncounted_days');
    expect(codes(80, {}, { sameDays: false })).toContain('window_zone');
    expect(codes(120, {}, { sameDays: false })).toContain('window_zone');
  });

  test('are named for each direction where single numbers differ and the total does not', () => {
    const both = reconcile([
      { subjectId: 'a', day: '2026-10-12', ours: 80, theirs: 100 },
      { subjectId: 'b', day: '2026-10-12', ours: 120, theirs: 100 },
    ]);
    expect(both.total.verdict).toBe('expected');
    const sides = likelyCauses(both, {}, OURS).map(({ larger }) => larger);
    expect(new Set(sides)).toEqual(new Set(['ours', 'theirs']));
  });
});
