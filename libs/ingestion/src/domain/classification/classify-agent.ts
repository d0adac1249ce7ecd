import type { AgentClass } from '../counting/download-request.js';
import { cleanUserAgent } from '../storable-event.js';
import { ruleAt, type AgentRule, type AgentRules } from './agent-rules.js';
import type { AgentVerdict, DecidingEntry, DecidingList } from './agent-verdict.js';
import { botWord } from './bot-word.js';
import { isAppleWatch } from './is-apple-watch.js';
import { isMalformedAgent } from './is-malformed-agent.js';

/**
 * Says what a user agent is (PTMG v2.3 §5.5.2). The first that applies decides:
 *
 * 1. PTMG's rule on the Apple Watch;
 * 2. no agent at all, or one that is false on purpose;
 * 3. the podcast lists: bots, apps, libraries, browsers, each in its own order;
 * 4. the general list of crawlers, then the words bot, crawler and spider: only about agents that no podcast list
 *    knows, because general lists take podcast apps for bots;
 * 5. else the agent is unknown, and counts.
 *
 * The device is asked for only where the request may count.
 *
 * @param userAgent as sent or as stored: cut at 512 characters and freed of control characters before anything is asked
 * @param atMs when the request was made (UTC, milliseconds since 1970): rules may hold between dates only
 */
export function classifyAgent(userAgent: string | null, rules: AgentRules, atMs: number): AgentVerdict {
  // Cutting may leave a blank at the end, which a second cleaning would remove.
  const agent = cleanUserAgent(userAgent ?? undefined)?.trimEnd();
  // Logs write a hyphen for a header that was not sent.
  if (agent === undefined || agent === '-') return uncounted('none', null, 'rules', 'no user agent');
  if (isAppleWatch(agent, atMs)) {
    return uncounted('apple_watch', 'Apple Podcasts (Watch)', 'rules', 'Apple Watch');
  }
  if (isMalformedAgent(agent)) return uncounted('malformed', null, 'rules', 'impossible version');
  return byPodcastLists(agent, rules, atMs) ?? byGeneralRules(agent, rules, atMs);
}

function byPodcastLists(agent: string, rules: AgentRules, atMs: number): AgentVerdict | undefined {
  const bot = ruleAt(rules.bots, agent, atMs);
  if (bot !== undefined) return uncountedBy('bot_agent', 'bots', bot);
  const app = ruleAt(rules.apps, agent, atMs);
  if (app !== undefined) return counted('app', 'apps', app, agent, rules, atMs);
  const library = ruleAt(rules.libraries, agent, atMs);
  if (library?.category === 'bot') return uncountedBy('bot_library', 'libraries', library);
  if (library !== undefined) return counted('library', 'libraries', library, agent, rules, atMs);
  const browser = ruleAt(rules.browsers, agent, atMs);
  return browser && counted('browser', 'browsers', browser, agent, rules, atMs);
}

function byGeneralRules(agent: string, rules: AgentRules, atMs: number): AgentVerdict {
  const crawler = ruleAt(rules.crawlers, agent, atMs);
  if (crawler !== undefined) return uncountedBy('bot_generic', 'crawlers', crawler);
  const word = botWord(agent);
  if (word !== undefined) return uncounted('bot_generic', null, 'words', word);
  return { kind: 'unknown', name: null, ...deviceOf(agent, rules, atMs), decidedBy: null };
}

function uncounted(kind: AgentClass, name: string | null, list: DecidingList, entry: string): AgentVerdict {
  return { kind, name, device: null, deviceCategory: null, decidedBy: { list, entry } };
}

function uncountedBy(kind: AgentClass, list: DecidingList, rule: AgentRule): AgentVerdict {
  return { kind, name: rule.name, device: null, deviceCategory: null, decidedBy: entryOf(list, rule) };
}

function counted(
  kind: AgentClass,
  list: DecidingList,
  rule: AgentRule,
  agent: string,
  rules: AgentRules,
  atMs: number,
): AgentVerdict {
  return { kind, name: rule.name, ...deviceOf(agent, rules, atMs), decidedBy: entryOf(list, rule) };
}

function entryOf(list: DecidingList, { name: entry, catchAll }: AgentRule): DecidingEntry {
  return catchAll ? { list, entry, catchAll } : { list, entry };
}

/** What the device of a cleaned agent is; nulls where the agent does not say. */
export function deviceOf(
  agent: string,
  rules: AgentRules,
  atMs: number,
): Pick<AgentVerdict, 'device' | 'deviceCategory'> {
  const device = ruleAt(rules.devices, agent, atMs);
  return { device: device?.name ?? null, deviceCategory: device?.category ?? null };
}
