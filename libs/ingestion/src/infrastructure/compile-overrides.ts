import { LRUCache } from 'lru-cache';
import type { AgentOverride } from '../domain/classification/agent-override.js';
import type { MatchingOverrides } from '../domain/classification/agent-overrides.js';
import { OVERRIDE_LIMITS } from '../domain/classification/list-limits.js';
import { DomainError } from '@lib/primitives';
import { compilePattern } from './compile-rules.js';

/** Agents remembered for each rule set that has overrides: most traffic repeats far fewer. */
const REMEMBERED = 5_000;

/** Makes overrides ready to be asked, in the order given. */
export function compileOverrides(overrides: readonly AgentOverride[]): MatchingOverrides {
  if (overrides.length === 0) return () => [];
  const compiled = overrides.map((override) => ({
    override,
    pattern: override.pattern === null ? null : compileOverridePattern(override.pattern),
  }));
  const remembered = new LRUCache<string, readonly AgentOverride[]>({ max: REMEMBERED });
  return (agent) => {
    const known = remembered.get(agent);
    if (known !== undefined) return known;
    const found = compiled
      .filter(({ pattern }) => pattern === null || pattern.test(agent))
      .map(({ override }) => override);
    remembered.set(agent, found);
    return found;
  };
}

/**
 * Compiles the pattern of an override, with the engine that takes linear time.
 * @throws DomainError `override_pattern_refused` (400, field `pattern`)
 */
export function compileOverridePattern(pattern: string): { test(agent: string): boolean } {
  const refuse = (fault: string): never => {
    throw new DomainError('override_pattern_refused', 400, `The pattern is refused: ${fault}.`, {
      field: 'pattern',
    });
  };
  const compiled = compilePattern(pattern, OVERRIDE_LIMITS.patternInstructions, refuse);
  return compiled.test('') ? refuse('it matches the empty text, and so every agent') : compiled;
}
