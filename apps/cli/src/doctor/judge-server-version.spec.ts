import { describe, expect, test } from '@jest/globals';
import { judgeServerVersion } from './judge-server-version.js';

describe('the judgement of a server’s version', () => {
  test.each(['15.19', '15.20', '16.15', '17.11 (Debian 17.11-1.pgdg12+1)', '18.5', '19.0', '20beta1'])(
    '%s is good',
    (version) => {
      expect(judgeServerVersion(version, true).verdict).toBe('ok');
    },
  );

  test.each(['15.18', '16.14', '17.10', '18.4', '18beta3'])('%s lacks the fix', (version) => {
    const { verdict, detail } = judgeServerVersion(version, true);
    expect(verdict).toBe('warn');
    expect(detail).toContain('CVE-2026-14666');
    expect(detail).toContain('do change role');
  });

  test('says where connections are not exposed to the flaw', () => {
    expect(judgeServerVersion('15.18', false).detail).toContain('not exposed');
  });

  test.each(['14.24', '9.6.24', 'unknown'])('%s is too old or no version', (version) => {
    expect(judgeServerVersion(version, false).verdict).toBe('fail');
  });
});
