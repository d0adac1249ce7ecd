import { pageUrl } from '../page-url.js';
import { ruleAt, type AgentRules } from './agent-rules.js';

/** What the page is that a browser's request came from. */
export interface ReferrerVerdict {
  /** Of the web app or player; null where nobody knows it. */
  readonly name: string | null;
  /** `app`: listens to any podcast; `host`: the player of a hosting company. */
  readonly category: string | null;
  /** Malformed, or on the deny list: the request is not believed (PTMG v2.3 §5.5.2 (3), IAB-09). */
  readonly isBad: boolean;
}

/**
 * Says what a Referer header stands for; null without one, which is normal. Asked for browsers alone: what an app sends
 * as a referrer changes nothing.
 * @param atMs when the request was made: UTC, milliseconds since 1970
 */
export function classifyReferrer(
  referrer: string | null,
  rules: AgentRules,
  atMs: number,
): ReferrerVerdict | null {
  const text =
    referrer
      ?.slice(0, 512)
      .replace(/\p{Cc}+/gu, '')
      .trim() ?? '';
  if (text === '' || text === '-') return null;
  const rule = ruleAt(rules.referrers, text, atMs);
  if (rule?.category === 'deny') return { name: rule.name, category: null, isBad: true };
  return { name: rule?.name ?? null, category: rule?.category ?? null, isBad: pageUrl(text) === undefined };
}
