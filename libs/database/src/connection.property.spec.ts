import { describe, expect, test } from '@jest/globals';
import { toTenantId } from '@lib/primitives';
import fc from 'fast-check';
import { tenantContext } from './app-data-source.js';
import { assumeRole, connectionConfig, type DatabaseRole } from './connection.js';

const role = fc.constantFrom<DatabaseRole>(
  'podcast_app',
  'podcast_maintenance',
  'podcast_admin',
  'podcast_queue',
);
const text = fc.string({ minLength: 1, unit: 'binary' }).filter((value) => value.isWellFormed());
const url = (user: string) => `postgresql://${encodeURIComponent(user)}:secret@localhost:5432/podcast`;

describe('the role of a transaction', () => {
  test('is assumed by every login but the one that is the role', () => {
    fc.assert(
      fc.property(
        role,
        fc.oneof(
          text,
          role,
          role.map((name) => `${name}x`),
          role.map((name) => `x${name}`),
        ),
        (name, login) => {
          const plain = login === name || login.startsWith(`${name}.`);
          expect(assumeRole(url(login), name)).toBe(plain ? '' : `SET LOCAL ROLE ${name}; `);
        },
      ),
    );
  });

  test('is not assumed by a login that a pooler names after its project', () => {
    fc.assert(
      fc.property(role, fc.stringMatching(/^[a-z]{20}$/), (name, project) => {
        expect(assumeRole(url(`${name}.${project}`), name)).toBe('');
      }),
    );
  });

  test('is assumed where the URL names no login', () => {
    expect(assumeRole('postgresql://localhost/podcast', 'podcast_app')).toBe('SET LOCAL ROLE podcast_app; ');
  });
});

describe('the URL of a connection', () => {
  test('gives back the login, whatever characters it has', () => {
    fc.assert(
      fc.property(text, text, (user, password) => {
        const config = connectionConfig(
          `postgresql://${encodeURIComponent(user)}:${encodeURIComponent(password)}@localhost/podcast`,
        );
        expect([config.user, config.password]).toEqual([user, password]);
      }),
    );
  });
});

describe('the context of a tenant', () => {
  test('is one call with one quoted UUID, for whatever the caller passes', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uuid(),
          fc.uuid().map((id) => id.toUpperCase()),
          text,
        ),
        (value) => {
          let context: string;
          try {
            context = tenantContext(toTenantId(value));
          } catch (error) {
            expect(error).toBeInstanceOf(TypeError);
            return;
          }
          expect(context).toMatch(
            /^SELECT public\.set_tenant_context\('[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}'\)$/,
          );
        },
      ),
    );
  });

  test.each([
    "' OR true --",
    `${'0'.repeat(8)}-0000-0000-0000-${'0'.repeat(12)}'); SELECT set_config('role','none',true) --`,
    `\n${'a'.repeat(36)}`,
  ])('refuses %j', (value) => {
    expect(() => toTenantId(value)).toThrow(TypeError);
  });
});
