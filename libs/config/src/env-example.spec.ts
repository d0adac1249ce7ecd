import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { readSettings, variableName, VARIABLES } from './read-settings.js';

const ROOT = resolve(__dirname, '../../..');
const ASSIGNMENT = /^(#? ?)([A-Z][A-Z0-9_]*)=(.*)$/gm;

const example = readFileSync(join(ROOT, '.env.example'), 'utf8');
const compose = readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8');

const assignments = [...example.matchAll(ASSIGNMENT)].map(([, mark, name = '', value = '']) => ({
  active: mark === '',
  name,
  value,
}));
const names = assignments.map(({ name }) => name);
/** Names that docker compose takes from .env: `${NAME}`, `${NAME:-default}`, `${NAME:?message}`. */
const interpolated = new Set([...compose.matchAll(/\$\{([A-Z][A-Z0-9_]*)/g)].map(([, name = '']) => name));

describe('.env.example', () => {
  it('explains every variable that the program reads', () => {
    expect(VARIABLES.filter((name) => !names.includes(name))).toEqual([]);
  });

  it('names nothing that neither the program nor docker compose reads', () => {
    expect(names.filter((name) => !VARIABLES.includes(name) && !interpolated.has(name))).toEqual([]);
  });

  it('names whatever docker compose asks for', () => {
    expect([...interpolated].filter((name) => !names.includes(name))).toEqual([]);
  });

  it('names nothing twice', () => {
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });

  it('has a line of explanation above every group of variables', () => {
    expect(example).not.toMatch(/\n\n#? ?[A-Z][A-Z0-9_]*=/);
  });

  it('sets no secret, so that a copy does not run before someone has made one', () => {
    const set = assignments.filter(({ active, value }) => active && value !== '');
    expect(set).toEqual([]);
    expect(() => readSettings({ DATABASE_URL: 'postgresql://localhost/x' })).toThrow('API_KEY_PEPPER');
  });

  it('shows the defaults that the program has, and otherwise values that it takes', () => {
    const secrets = {
      API_KEY_PEPPER: 'p'.repeat(32),
      PRIVACY_MASTER_KEY: Buffer.alloc(32).toString('base64'),
    };
    const shown = Object.fromEntries(
      assignments
        .filter(({ name, value }) => value !== '' && VARIABLES.includes(name))
        .map(({ name, value }) => [name, value]),
    );
    const filled = readSettings({ ...shown, ...secrets });
    const bare = readSettings({ ...secrets, DATABASE_URL: 'postgresql://localhost/x' });
    const scalars = Object.entries(bare).filter(
      ([field, value]) => !Array.isArray(value) && field !== 'databaseUrl',
    );
    expect(scalars.length).toBeGreaterThan(20);
    for (const [field, value] of scalars) {
      if (variableName(field) in secrets) continue;
      expect([variableName(field), filled[field as keyof typeof filled]]).toEqual([
        variableName(field),
        value,
      ]);
    }
  });
});
