import { Injectable } from '@nestjs/common';
import { Settings } from '@lib/config';
import { TenantDb } from '@lib/database';
import { answerFrame, type RollupState } from '../../infrastructure/answer-frame.sql.js';
import type { AnswerOrigin } from './answer-origin.js';

/** How the rollups that answers came from are now. */
@Injectable()
export class RollupStates {
  constructor(
    private readonly db: TenantDb,
    private readonly settings: Settings,
  ) {}

  /** In a snapshot of its own, by one statement: as `QuestionReader.prepare` would say it now. */
  now(tenantId: string, { asked, counted, stages }: AnswerOrigin): Promise<RollupState> {
    return this.db.run(
      tenantId,
      () => {
        const { sql, tenantId: tenant, replayedAt } = this.db.current;
        return answerFrame(sql, tenant, asked, counted, replayedAt ?? null, stages);
      },
      { readOnly: true, replica: true, statementTimeoutMs: this.settings.metricsStatementTimeoutMs },
    );
  }
}
