import { describe, expect, test } from '@jest/globals';
import { QueryRunnerAlreadyReleasedError } from 'typeorm';
import { databaseUnavailable } from './database-unavailable.js';

const withCode = (code: string) => Object.assign(new Error('x'), { code });

describe('a failure', () => {
  test.each([
    '08006',
    '57P01',
    '57P03',
    '53300',
    '25P03',
    'EAGAIN',
    'ECONNREFUSED',
    'ECONNRESET',
    'EPIPE',
    'ENOENT',
  ])('with code %s is that of the way to the database', (code) =>
    expect(databaseUnavailable(withCode(code))).toBe(true),
  );

  test.each([
    'Connection terminated unexpectedly',
    'timeout exceeded when trying to connect',
    'Client has encountered a connection error and is not queryable',
    'Client was closed and is not queryable',
  ])('saying "%s" is too', (message) => expect(databaseUnavailable(new Error(message))).toBe(true));

  test('of a connection that TypeORM gave up is too', () =>
    expect(databaseUnavailable(new QueryRunnerAlreadyReleasedError())).toBe(true));

  test.each(['23505', '22P02', '42501', '40P01', '57014', 'ENOENTRY'])('with code %s is not', (code) =>
    expect(databaseUnavailable(withCode(code))).toBe(false),
  );

  test('that is no error is not', () => expect(databaseUnavailable(undefined)).toBe(false));
});
