import { Injectable } from '@nestjs/common';
import { TenantDb } from '@lib/database';
import type { RequestEvidence } from '../../domain/audience/request-evidence.js';
import { episodesOfSubscriber, SUBSCRIBER_WINDOW_MS } from '../../domain/audience/subscriber-rule.js';
import { publishedEpisodes } from '../../infrastructure/audience/published-episodes.sql.js';
import { subscriberApps } from '../../infrastructure/audience/subscriber-apps.sql.js';
import type { AnswerFrame } from '../question-reader.js';
import { AudienceReader, type AudienceQuestion } from './audience-reader.js';
import { listenerLevel, type ListenerLevel } from './listener-level.js';

export interface SubscribersQuestion extends AudienceQuestion {
  podcastId: string;
}

export interface SubscribersAnswer extends AnswerFrame {
  undetermined: readonly RequestEvidence[];
  /** Episodes that came out so early in the range that all of their first 48 hours lie in it. */
  episodes: number;
  /** How many of them a subscriber downloaded in their first 48 hours, at least. */
  episodesNeeded: number;
  audiences: (ListenerLevel & {
    subscribers: number;
    apps: { app: string; subscribers: number; share: number }[];
  })[];
}

/** By which apps the subscribers of a show listen. */
@Injectable()
export class SubscribersService {
  constructor(
    private readonly db: TenantDb,
    private readonly reader: AudienceReader,
  ) {}

  /**
   * Counted exactly, download by download.
   *
   * @throws DomainError `audience_period_exceeded`, `query_too_expensive` and what `AudienceReader` throws
   */
  async answer({ podcastId, ...question }: SubscribersQuestion): Promise<SubscribersAnswer> {
    const asked = await this.reader.read(question);
    const { range } = asked.read;
    const { parts, undetermined } = this.reader.wholeParts(asked);
    const { frame } = await this.reader.prepare(asked, { ...question, podcastIds: [podcastId] });
    const { sql, tenantId } = this.db.current;
    const until = Math.max(range.from, range.to - SUBSCRIBER_WINDOW_MS + 1);
    const episodes = await publishedEpisodes(sql, tenantId, podcastId, { from: range.from, to: until });
    const episodesNeeded = episodesOfSubscriber(episodes.length);
    const windows = episodes.map(({ publishedAtMs: from }) => ({ from, to: from + SUBSCRIBER_WINDOW_MS }));
    await this.reader.affordDownloads(windows, 'ask for a shorter range');
    const series = new Map([...parts].map(([level, part]) => [level, part.series]));
    const apps = await subscriberApps(sql, tenantId, episodes, SUBSCRIBER_WINDOW_MS, episodesNeeded, series);
    const audiences = [...parts.keys()].map((evidence) => {
      const ofLevel = apps.filter((each) => each.evidence === evidence);
      const subscribers = ofLevel.reduce((sum, each) => sum + each.subscribers, 0);
      return {
        ...listenerLevel(evidence),
        subscribers,
        apps: ofLevel.map((each) => ({
          app: each.app,
          subscribers: each.subscribers,
          share: each.subscribers / subscribers,
        })),
      };
    });
    return { ...frame, undetermined, episodes: episodes.length, episodesNeeded, audiences };
  }
}
