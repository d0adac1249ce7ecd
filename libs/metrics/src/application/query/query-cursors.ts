import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Settings } from '@lib/config';
import { CursorCodec } from '@lib/http';
import type { TenantId } from '@lib/primitives';
import { cursorOfAnotherQuestion } from '../../domain/query/query.errors.js';
import type { GroupPosition } from '../../infrastructure/query/query-groups.sql.js';

const LIST = 'metrics-query';

/** Cursors in lists of groups. Each holds a digest of its question, so that it goes on in no other. */
@Injectable()
export class QueryCursors {
  private readonly cursors: CursorCodec;

  constructor(settings: Settings) {
    this.cursors = new CursorCodec(settings.apiKeyPepper);
  }

  /** `question` is whatever has to be the same on every page. */
  write(tenantId: TenantId, question: unknown, position: GroupPosition): string {
    const { level, rank, name1, name2, key1, key2 } = position;
    return this.cursors.encode(tenantId, LIST, [digest(question), level, rank, name1, name2, key1, key2]);
  }

  /** @throws DomainError `invalid_cursor` (400, field `cursor`) */
  read(tenantId: TenantId, question: unknown, cursor: string): GroupPosition {
    const [of, level, ...texts] = this.cursors.decode(tenantId, LIST, cursor);
    if (of !== digest(question)) throw cursorOfAnotherQuestion();
    const [rank = '', name1 = '', name2 = '', key1 = '', key2 = ''] = texts.map(String);
    return { level: Number(level), rank, name1, name2, key1, key2 };
  }
}

function digest(question: unknown): string {
  return createHash('sha256').update(JSON.stringify(question)).digest('base64url').slice(0, 16);
}
