import crawlers from 'crawler-user-agents';
import type { ListEntry } from '../domain/classification/list-entry.js';

/** Kinds of agents on the public list that are not machines of their own: people listen through both. */
const NOT_CRAWLERS = ['http-library', 'feed-reader'];

/** The general list of crawlers that comes with the product (package crawler-user-agents, MIT), named by what it looks for. */
export function crawlerList(): ListEntry[] {
  return (crawlers as readonly { pattern: string; tags?: string[] }[])
    .filter(({ tags = [] }) => !tags.some((tag) => NOT_CRAWLERS.includes(tag)))
    .map(({ pattern }) => ({ name: pattern.replaceAll('\\', ''), pattern }));
}
