import { Injectable } from '@nestjs/common';
import { TenantDb } from '@lib/database';
import { coverWithGrains } from '../../domain/cover-with-grains.js';
import { LISTEN_TIME, type MetricLevel } from '../../domain/event-metrics.js';
import {
  compareWindow,
  type EpisodeWindow,
  type HeardWindow,
} from '../../domain/listening/compare-window.js';
import { learnWindows } from '../../domain/listening/learn-windows.js';
import { BIN_MS } from '../../domain/listening/position-bins.js';
import { readWindow } from '../../domain/listening/read-window.js';
import {
  completionOf,
  deepestDrops,
  retentionCurve,
  type Completion,
  type CurvePoint,
  type Drop,
} from '../../domain/listening/retention-curve.js';
import { episodeDuration } from '../../infrastructure/listening/episode-duration.sql.js';
import { episodePositions } from '../../infrastructure/listening/episode-positions.sql.js';
import { QuestionReader, stagesOf, type AnswerFrame, type Question } from '../question-reader.js';
import { LONGEST, LONGEST_DAYS } from '../series.service.js';

export interface RetentionQuestion extends Question {
  episodeId: string;
  /** Windows to compare, each `startMs-endMs`; without any, those in which ads were told. */
  windows: readonly string[];
}

export interface RetentionAnswer extends AnswerFrame, MetricLevel, Completion {
  episodeId: string;
  durationMs: number | null;
  binMs: number;
  starts: number;
  /** Milliseconds heard: the metric of the range. */
  value: number;
  curve: CurvePoint[];
  drops: Drop[];
  windows: (HeardWindow & NamedWindow)[];
}

/** A window with the placement whose ads it was learnt from, and how many; null for one that was asked for. */
interface NamedWindow extends EpisodeWindow {
  readonly placementId: string | null;
  readonly ads: number | null;
}

const DROPS = 5;
const LEARNT_WINDOWS = 20;

/** Where in an episode people listen, and where they leave. */
@Injectable()
export class RetentionService {
  constructor(
    private readonly db: TenantDb,
    private readonly questions: QuestionReader,
  ) {}

  /**
   * The retention curve of an episode over what was heard in a range. Reads rollups only, at most a few hundred rows.
   *
   * @throws DomainError `invalid_window` and what `QuestionReader` throws
   */
  async answer({ windows, ...question }: RetentionQuestion): Promise<RetentionAnswer> {
    const asked = windows.map((text) => ({ ...readWindow(text), placementId: null, ads: null }));
    const read = await this.questions.read(question, LONGEST_DAYS, LONGEST);
    const { frame, kept } = await this.questions.prepare(read, read.range, stagesOf([LISTEN_TIME]));
    const { sql, tenantId } = this.db.current;
    const { episodeId } = question;
    const stretches = coverWithGrains([read.range.from], read.range.to, kept);
    const { heard, starts, ads } = await episodePositions(sql, tenantId, episodeId, stretches);
    const durationMs = await episodeDuration(sql, tenantId, episodeId);
    const curve = retentionCurve(heard, starts, durationMs);
    const endMs = curve.at(-1)?.endMs ?? 0;
    const compared: readonly NamedWindow[] = asked.length > 0 ? asked : learnWindows(ads, LEARNT_WINDOWS);
    return {
      ...frame,
      metric: LISTEN_TIME,
      evidence: 'client_confirmed',
      core: false,
      episodeId,
      durationMs,
      binMs: BIN_MS,
      starts,
      value: curve.reduce((sum, { heardMs }) => sum + heardMs, 0),
      ...completionOf(curve, starts, durationMs),
      curve,
      drops: deepestDrops(curve, DROPS),
      windows: compared.map((window) => ({ ...window, ...compareWindow(window, heard, starts, endMs) })),
    };
  }
}
