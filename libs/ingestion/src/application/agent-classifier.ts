import { LRUCache } from 'lru-cache';
import type { AgentRules } from '../domain/classification/agent-rules.js';
import type { AgentVerdict } from '../domain/classification/agent-verdict.js';
import { classifyAgent, deviceOf } from '../domain/classification/classify-agent.js';
import { cleanUserAgent } from '../domain/storable-event.js';
import { classifyReferrer, type ReferrerVerdict } from '../domain/classification/classify-referrer.js';

/** Verdicts remembered, at about 1 kB each in the worst case: most traffic repeats far fewer agents. */
const REMEMBERED_AGENTS = 30_000;
const REMEMBERED_REFERRERS = 5_000;

/** What is longer is cut before anybody looks at it, so it need not be remembered whole. */
const CHARACTERS = 512;

interface Remembered {
  readonly agents: LRUCache<string, AgentVerdict>;
  readonly referrers: LRUCache<string, { readonly verdict: ReferrerVerdict | null }>;
}

/**
 * Classifies agents under one version of the lists, and remembers what it said.
 *
 * Rules may hold between dates only: verdicts are remembered for each stretch of time between two such dates, so that
 * history and today can be classified side by side. Another version of the lists is another classifier.
 */
export class AgentClassifier {
  /** SHA-256 of the lists, in hexadecimal. */
  readonly version: string;
  private readonly borders: readonly number[];
  private readonly stretches: (Remembered | undefined)[] = [];

  constructor(private readonly rules: AgentRules) {
    this.version = rules.version;
    this.borders = datesOf(rules);
  }

  /** As `classifyAgent`. `atMs`: when the request was made, UTC milliseconds since 1970. */
  agent(userAgent: string | null, atMs: number): AgentVerdict {
    const text = shorten(userAgent ?? '');
    const { agents } = this.at(atMs);
    const known = agents.get(text);
    if (known !== undefined) return known;
    const verdict = classifyAgent(text, this.rules, atMs);
    agents.set(text, verdict);
    return verdict;
  }

  /** The device of an agent that somebody else named. Is not remembered. */
  device(userAgent: string, atMs: number): Pick<AgentVerdict, 'device' | 'deviceCategory'> {
    return deviceOf(shorten(userAgent), this.rules, atMs);
  }

  /** As `classifyReferrer`: asked for browsers alone, and null for whatever is none. */
  referrer(agent: AgentVerdict, referrer: string | null, atMs: number): ReferrerVerdict | null {
    if (agent.kind !== 'browser' || referrer === null) return null;
    const text = referrer.slice(0, CHARACTERS);
    const { referrers } = this.at(atMs);
    const known = referrers.get(text);
    if (known !== undefined) return known.verdict;
    const verdict = classifyReferrer(text, this.rules, atMs);
    referrers.set(text, { verdict });
    return verdict;
  }

  private at(atMs: number): Remembered {
    const stretch = this.borders.findLastIndex((border) => border <= atMs) + 1;
    return (this.stretches[stretch] ??= {
      agents: new LRUCache({ max: REMEMBERED_AGENTS }),
      referrers: new LRUCache({ max: REMEMBERED_REFERRERS }),
    });
  }
}

function shorten(userAgent: string): string {
  return userAgent.length <= CHARACTERS ? userAgent : (cleanUserAgent(userAgent) ?? '');
}

/** The moments at which some rule begins or ends to hold, in order. */
function datesOf(rules: AgentRules): number[] {
  const lists = [rules.bots, rules.apps, rules.libraries, rules.browsers, rules.devices, rules.referrers];
  const dates = lists.flatMap((list) => list.rules.flatMap(({ fromMs, untilMs }) => [fromMs, untilMs]));
  return [...new Set(dates.filter((date) => Number.isFinite(date)))].sort((a, b) => a - b);
}
