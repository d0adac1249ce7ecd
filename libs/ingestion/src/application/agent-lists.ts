import { gunzipSync, gzipSync } from 'node:zlib';
import { Injectable } from '@nestjs/common';
import type { Sql } from '@lib/database';
import { DomainError } from '@lib/primitives';
import { LRUCache } from 'lru-cache';
import { BUILT_IN_LISTS } from '../domain/classification/built-in/built-in-lists.js';
import { countEntries } from '../domain/classification/compare-lists.js';
import type { AgentListContent } from '../domain/classification/list-entry.js';
import { compileRules } from '../infrastructure/compile-rules.js';
import { activeList, keepList, listContent } from '../infrastructure/lists.sql.js';
import { AgentClassifier } from './agent-classifier.js';
import { BUILT_IN_SOURCE } from './lists.service.js';
import { prepareLists, type PreparedLists } from './prepare-lists.js';

/** Versions of the lists that are kept ready. Each has its own memory of verdicts. */
const READY = 4;

/** The stored versions of the lists that classify agents, ready to be asked. */
@Injectable()
export class AgentLists {
  /** Checked at first use: that takes a third of a second. */
  private builtIn: PreparedLists | undefined;
  private readonly ready = new LRUCache<string, AgentClassifier>({ max: READY });

  /**
   * The classifier of one version.
   * @param sha256 of the list's content
   * @throws DomainError `list_not_found` (404)
   */
  async classifier(sql: Sql, sha256: string): Promise<AgentClassifier> {
    const known = this.ready.get(sha256);
    if (known !== undefined) return known;
    const content = await listContent(sql, 'agents', sha256);
    if (content === undefined) throw notFound();
    const lists = JSON.parse(gunzipSync(content).toString()) as AgentListContent;
    const classifier = new AgentClassifier(compileRules(lists, sha256));
    this.ready.set(sha256, classifier);
    return classifier;
  }

  /** The classifier of the list in force; of the product's own while there is none. Writes nothing. */
  async inForce(sql: Sql): Promise<AgentClassifier> {
    const active = await activeList(sql, 'agents');
    if (active !== undefined) return this.classifier(sql, active);
    this.builtIn ??= prepareLists(BUILT_IN_LISTS);
    const { version, rules } = this.builtIn;
    const known = this.ready.get(version) ?? new AgentClassifier(rules);
    this.ready.set(version, known);
    return known;
  }

  /**
   * The hash of a version that is stored: the one asked for, else the active one, else the product's own, which is stored
   * now, so that what is counted by it can be counted again after the product has another.
   * @throws DomainError `list_not_found` (404)
   */
  async require(sql: Sql, sha256: string | undefined): Promise<string> {
    if (sha256 !== undefined) {
      await this.classifier(sql, sha256);
      return sha256;
    }
    const active = await activeList(sql, 'agents');
    if (active !== undefined) return active;
    this.builtIn ??= prepareLists(BUILT_IN_LISTS);
    const { content, canonical, version } = this.builtIn;
    await keepList(sql, {
      kind: 'agents',
      sha256: version,
      source: BUILT_IN_SOURCE,
      content: gzipSync(canonical),
      summary: countEntries(content),
    });
    return version;
  }
}

function notFound(): DomainError {
  return new DomainError('list_not_found', 404, 'There is no stored list with that hash.', {
    field: 'agentList',
  });
}
