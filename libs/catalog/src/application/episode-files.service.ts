import { Injectable } from '@nestjs/common';
import { Settings } from '@lib/config';
import { TenantDb } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import { moveWatermark } from '@lib/time-series';
import { readEpisodeFile, type EpisodeFile, type EpisodeFileContext } from '../domain/episode-file.js';
import type { EpisodeFilesReport } from '../domain/episode-files-report.js';
import { updateEpisodeFiles } from '../infrastructure/episode-files.sql.js';
import { csvInvalid, parseEpisodeCsv, type EpisodeCsv } from '../infrastructure/parse-episode-csv.js';
import { EpisodesService } from './episodes.service.js';

export interface EpisodeFilesOptions {
  /** Host of lines that name none. */
  readonly host: string | null;
  /** Episodes are made in this podcast for files that belong to none; null only reports them. */
  readonly podcastId: string | null;
}

/** Sizes and lengths of episodes' files, from a CSV: by these the rule of one minute is applied to bytes (PTMG v2.3 §5.5.3). */
@Injectable()
export class EpisodeFilesService {
  private readonly ownHosts: ReadonlySet<string>;

  constructor(
    private readonly db: TenantDb,
    private readonly episodes: EpisodesService,
    settings: Settings,
  ) {
    this.ownHosts = new Set(settings.trackingHosts);
  }

  /**
   * Sets what the CSV says, in one transaction: of a file with a fault nothing is taken over. Values set here are kept by
   * later imports of feeds.
   * @throws DomainError `csv_invalid` (400), `podcast_not_found` (404)
   */
  async importCsv(
    tenantId: TenantId,
    bytes: Uint8Array,
    options: EpisodeFilesOptions,
  ): Promise<EpisodeFilesReport> {
    const csv = parseEpisodeCsv(bytes);
    const files = readFiles(csv, { host: options.host, ownHosts: this.ownHosts });
    return this.db.run(tenantId, async () => {
      const { sql } = this.db.current;
      const before = await updateEpisodeFiles(sql, tenantId, files);
      const missing = new Set(
        before.filter(({ episodes }) => episodes === 0).map(({ mediaKey }) => mediaKey),
      );
      const unknown = files.filter(({ mediaKey }) => missing.has(mediaKey));
      const { podcastId } = options;
      if (podcastId !== null) {
        for (const file of unknown) await this.add(podcastId, file);
        if (unknown.length > 0) await updateEpisodeFiles(sql, tenantId, unknown);
      }
      const updated = before.filter(({ changed }) => changed > 0).length;
      await moveWatermark(sql, tenantId);
      return {
        lines: files.length,
        updated,
        unchanged: files.length - updated - unknown.length,
        created: podcastId === null ? 0 : unknown.length,
        unknown: podcastId === null ? unknown.map(({ mediaKey }) => mediaKey) : [],
        ignoredColumns: csv.ignoredColumns,
      };
    });
  }

  private async add(podcastId: string, { url, mediaKey }: EpisodeFile): Promise<void> {
    const title = decodeTitle(mediaKey.slice(mediaKey.lastIndexOf('/') + 1)) || mediaKey;
    await this.episodes.add(podcastId, {
      title: title.slice(0, 1_000),
      guid: mediaKey,
      enclosureUrl: url,
    });
  }
}

const SHOWN_FAULTS = 5;

function readFiles({ records }: EpisodeCsv, context: EpisodeFileContext): EpisodeFile[] {
  const files = new Map<string, EpisodeFile>();
  const faults: string[] = [];
  for (const { line, record } of records) {
    const file = readEpisodeFile(record, context);
    if (typeof file === 'string') faults.push(`line ${line} ${file}`);
    else if (files.has(file.mediaKey)) faults.push(`line ${line} is about the same file as one before`);
    else files.set(file.mediaKey, file);
  }
  const others = faults.length - SHOWN_FAULTS;
  if (faults.length > 0)
    throw csvInvalid(faults.slice(0, SHOWN_FAULTS).join('; ') + (others > 0 ? `; and ${others} more` : ''));
  return [...files.values()];
}

function decodeTitle(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
