import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { BUILT_IN_LISTS } from '../domain/classification/built-in/built-in-lists.js';
import { classifyAgent } from '../domain/classification/classify-agent.js';
import { classifyReferrer } from '../domain/classification/classify-referrer.js';
import { cleanUserAgent } from '../domain/storable-event.js';
import { AgentClassifier } from './agent-classifier.js';
import { prepareLists } from './prepare-lists.js';

const DATED = { name: 'Widget', pattern: 'Widget', from: '2026-01-01', until: '2026-06-01' };
/** Sees a blank at the end of an agent that was cut. */
const ANCHORED = { name: 'Only x', pattern: '^x+$' };
const { rules } = prepareLists({ ...BUILT_IN_LISTS, bots: [DATED, ANCHORED, ...BUILT_IN_LISTS.bots] });

/** Pieces of which real agents are made, so that lists are hit and not only missed. */
const FAMILIAR =
  'Mozilla/5.0 (|compatible; |iPhone|) |AppleWebKit/605.1 (KHTML, like Gecko) |Chrome/141.0.0.0 |Firefox/1430|Overcast/|' +
  'Podcasts/|CFNetwork/1 Darwin/2|atc/|watchOS|(null)/(null) |bot|Widget|\r\n|-|;| |1.0|;tpapi|https://x.example|' +
  '%D0%9F|Подкасты/1 ';
const piece = fc.oneof(
  fc.constantFrom(...FAMILIAR.split('|')),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.string({ unit: fc.constantFrom('\ud800', 'a', '\u0000', '(', '\\'), maxLength: 700 }),
);
const pieces = fc.array(piece, { maxLength: 8 }).map((several) => several.join(''));
const agent = fc.oneof(
  { weight: 1, arbitrary: fc.constant(null) },
  { weight: 8, arbitrary: pieces },
  { weight: 1, arbitrary: pieces.map((text) => `Widget ${text}`) },
  // About as long as an agent may be, and with nothing in front but what is removed.
  { weight: 1, arbitrary: fc.integer({ min: 509, max: 513 }).map((length) => `${'x'.repeat(length)} tail`) },
  { weight: 1, arbitrary: pieces.map((text) => `${'\u0000'.repeat(600)}Overcast/1 ${text}`) },
);
const moment = fc.constantFrom(
  ...['2025-12-31', '2026-01-01', '2026-05-31', '2026-06-01'].map((day) => Date.parse(day)),
);

const NOT_COUNTED = ['none', 'malformed', 'apple_watch', 'bot_agent', 'bot_library', 'bot_generic'];

describe('classification', () => {
  const classifier = new AgentClassifier(rules);

  test('never throws, and is the same remembered or not', () => {
    fc.assert(
      fc.property(agent, moment, moment, (text, atMs, otherMs) => {
        const verdict = classifyAgent(text, rules, atMs);
        expect(classifier.agent(text, atMs)).toEqual(verdict);
        expect(classifier.agent(text, otherMs)).toEqual(classifyAgent(text, rules, otherMs));
        expect(classifier.agent(text, atMs)).toEqual(verdict);
      }),
      { numRuns: 250 },
    );
  });

  test('says the same of an agent as sent and as stored', () => {
    fc.assert(
      fc.property(agent, moment, (text, atMs) => {
        const stored = cleanUserAgent(text ?? undefined) ?? null;
        expect(classifyAgent(stored, rules, atMs)).toEqual(classifyAgent(text, rules, atMs));
      }),
      { numRuns: 120 },
    );
  });

  test('names what decided, unless nothing did; and no device where nothing counts', () => {
    fc.assert(
      fc.property(agent, moment, (text, atMs) => {
        const { kind, name, device, decidedBy } = classifyAgent(text, rules, atMs);
        expect(decidedBy === null).toBe(kind === 'unknown');
        if (kind === 'unknown') expect(name).toBeNull();
        if (NOT_COUNTED.includes(kind)) expect(device).toBeNull();
      }),
      { numRuns: 120 },
    );
  });

  test('of referrers never throws, and is the same remembered or not', () => {
    const browser = classifier.agent(
      'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/605.1 (KHTML, like Gecko)',
      0,
    );
    expect(browser.kind).toBe('browser');
    fc.assert(
      fc.property(agent, moment, (text, atMs) => {
        const verdict = classifyReferrer(text, rules, atMs);
        expect(classifier.referrer(browser, text, atMs)).toEqual(verdict);
        expect(classifier.referrer(browser, text, atMs)).toEqual(verdict);
      }),
      { numRuns: 120 },
    );
  });
});
