import type { AgentClass } from '../counting/download-request.js';
import type { AgentListContent } from './list-entry.js';

/** Who decided: a list, the tenant, our own rules, or the words by which unknown agents call themselves bots. */
export type DecidingList = keyof AgentListContent | 'overrides' | 'rules' | 'words';

/**
 * An entry that decided. `id` is that of an override; `catchAll` is set where the entry knows the agent by no name, so that
 * an override may.
 */
export interface DecidingEntry {
  readonly list: DecidingList;
  readonly entry: string;
  readonly id?: string;
  readonly catchAll?: true;
}

/** What a user agent is, and why. */
export interface AgentVerdict {
  readonly kind: AgentClass;
  /** Of the app, bot, library or browser; null where nobody knows it. */
  readonly name: string | null;
  /** Null for whatever does not count, and where the agent does not say. */
  readonly device: string | null;
  readonly deviceCategory: string | null;
  /** Null where nothing decided: an unknown agent. */
  readonly decidedBy: DecidingEntry | null;
}
