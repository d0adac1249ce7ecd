import { hash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { Inject, Injectable } from '@nestjs/common';
import { Settings } from '@lib/config';
import { APP_POOL, MAINTENANCE_POOL, RolePool } from '@lib/database';
import { DomainError } from '@lib/primitives';
import { BUILT_IN_LISTS } from '../domain/classification/built-in/built-in-lists.js';
import { compareLists, countEntries, type FileChanges } from '../domain/classification/compare-lists.js';
import {
  compareNetworks,
  countNetworks,
  type NetworkChanges,
} from '../domain/classification/compare-networks.js';
import {
  LIST_FILES,
  type AgentListContent,
  type ListEntries,
  type ListFile,
} from '../domain/classification/list-entry.js';
import { ListRejected } from '../domain/classification/list.errors.js';
import { fetchListFile } from '../infrastructure/fetch-list-file.js';
import {
  activateList,
  activeList,
  keepList,
  listContent,
  listVersions,
  type ListKind,
  type ListToKeep,
  type ListVersion,
} from '../infrastructure/lists.sql.js';
import { parseListFile } from '../infrastructure/parse-list-file.js';
import { NETWORK_COLUMNS, parseNetworks } from '../infrastructure/parse-networks.js';
import { prepareLists } from './prepare-lists.js';

/** What the source of the product's own list is called. */
export const BUILT_IN_SOURCE = 'built-in';

/** What is different from another version. Files of agents that say the same are left out. */
export type ListChanges =
  { readonly files: Readonly<Record<string, FileChanges>> } | { readonly blocks: NetworkChanges };

/** What an update did. */
export interface ListUpdate {
  /** SHA-256 of the content, in hexadecimal. */
  readonly version: string;
  /** False when this content was loaded before. */
  readonly isNew: boolean;
  /** The version that was in force before; null for the product's own list, or none. */
  readonly previous: string | null;
  readonly summary: Readonly<Record<string, number>>;
  /** Against the version that was in force before. */
  readonly changes: ListChanges;
  readonly warnings: readonly string[];
}

/**
 * The operator's lists: checked, stored for good under the hash of their content, put in force. A list of agents decides
 * about nothing by itself: rule sets name the one they were made with, so old numbers stay as they are.
 *
 * Reads as `podcast_app`, writes as `podcast_maintenance`.
 */
@Injectable()
export class ListsService {
  constructor(
    private readonly settings: Settings,
    @Inject(APP_POOL) private readonly app: RolePool,
    @Inject(MAINTENANCE_POOL) private readonly maintenance: RolePool,
  ) {}

  /**
   * Fetches the six files of a list, and does as `updateAgents`. Over https only, in an own network too: on the way nobody
   * may change what is counted.
   * @throws ListRejected; the list in force stays
   */
  async fetchAgents(base: string): Promise<ListUpdate> {
    if (!/^https:\/\//i.test(base)) {
      throw new ListRejected('list_unreadable', 'a list is fetched over https only');
    }
    const allowPrivateAddresses = this.settings.feedAllowPrivateAddresses;
    return this.updateAgents((file) => fetchListFile(base, file, { allowPrivateAddresses }), base);
  }

  /**
   * Checks, stores and activates a list of agents.
   * @param source where it is from, for people
   * @throws ListRejected; the list in force stays
   */
  async updateAgents(read: (file: ListFile) => Promise<Uint8Array>, source: string): Promise<ListUpdate> {
    const entries: Partial<Record<ListFile, ListEntries[ListFile]>> = {};
    for (const file of LIST_FILES) entries[file] = parseListFile(file, await read(file));
    const { content, canonical, version, warnings } = prepareLists(entries as ListEntries);
    const before = await this.inForce('agents');
    const contentBefore =
      before.text === null
        ? prepareLists(BUILT_IN_LISTS).content
        : (JSON.parse(before.text) as AgentListContent);
    const summary = countEntries(content);
    const changes = { files: compareLists(contentBefore, content) };
    const isNew = await this.store('agents', version, source, canonical, { summary, changes });
    return { version, isNew, previous: before.version, summary, changes, warnings };
  }

  /**
   * Checks, stores and activates a file of networks. Edges see it within a minute. One without lines is refused here and
   * not where files are read: edges go on reading one that was stored before.
   * @throws ListRejected; the file in force stays
   */
  async updateNetworks(bytes: Uint8Array, source: string): Promise<ListUpdate> {
    const blocks = await parseNetworks(bytes);
    if (blocks.length === 0) {
      const header = NETWORK_COLUMNS.join(',');
      throw new ListRejected('list_empty', `networks: there is no line after the header (${header})`);
    }
    const version = hash('sha256', bytes, 'hex');
    const before = await this.inForce('networks');
    const blocksBefore = before.text === null ? [] : await parseNetworks(Buffer.from(before.text));
    const summary = countNetworks(blocks);
    const changes = { blocks: compareNetworks(blocksBefore, blocks) };
    const isNew = await this.store('networks', version, source, bytes, { summary, changes });
    return { version, isNew, previous: before.version, summary, changes, warnings: [] };
  }

  /**
   * Puts a stored version in force again.
   * @param prefix the first characters of its hash, at least 8
   * @throws DomainError `list_not_found` (404), `list_ambiguous` (409)
   */
  async activate(prefix: string): Promise<ListVersion> {
    const found = (await this.versions()).filter(({ sha256 }) => sha256.startsWith(prefix));
    const [version] = found;
    if (prefix.length < 8 || version === undefined)
      throw new DomainError('list_not_found', 404, 'No stored list has a hash that begins so.');
    if (found.length > 1)
      throw new DomainError(
        'list_ambiguous',
        409,
        'Several lists have a hash that begins so: give more of it.',
      );
    await this.maintenance.transaction((sql) => activateList(sql, version.kind, version.sha256));
    return version;
  }

  /** Every stored version; of each kind the one in force first. */
  versions(): Promise<ListVersion[]> {
    return this.app.transaction(listVersions);
  }

  private async inForce(kind: ListKind): Promise<{ version: string | null; text: string | null }> {
    return this.app.transaction(async (sql) => {
      const version = await activeList(sql, kind);
      const content = version === undefined ? undefined : await listContent(sql, kind, version);
      return { version: version ?? null, text: content ? gunzipSync(content).toString() : null };
    });
  }

  private store(
    kind: ListKind,
    sha256: string,
    source: string,
    content: string | Uint8Array,
    about: Pick<ListToKeep, 'summary' | 'changes'>,
  ): Promise<boolean> {
    const packed = gzipSync(content);
    return this.maintenance.transaction(async (sql) => {
      const isNew = await keepList(sql, { kind, sha256, source, content: packed, ...about });
      await activateList(sql, kind, sha256);
      return isNew;
    });
  }
}
