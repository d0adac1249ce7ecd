import { randomUUID } from 'node:crypto';
import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';

/** Notes something that explains a change in numbers. */
export async function insertAnnotation(
  sql: Sql,
  tenantId: TenantId,
  annotation: { happenedAt: Date; kind: 'recount_applied' | 'list_changed' | 'note'; detail: object },
): Promise<void> {
  await sql(
    `INSERT INTO annotations (tenant_id, id, happened_at, kind, detail) VALUES ($1, $2, $3, $4, $5)`,
    [tenantId, randomUUID(), annotation.happenedAt, annotation.kind, JSON.stringify(annotation.detail)],
  );
}

/** Something that was noted. */
export interface Annotation {
  readonly happenedAt: Date;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** The notes of one kind whose detail has a field with this text, the oldest first. */
export function annotationsWith(
  sql: Sql,
  tenantId: TenantId,
  kind: 'list_changed' | 'note',
  field: string,
  text: string,
): Promise<Annotation[]> {
  return sql<Annotation>(
    `SELECT happened_at AS "happenedAt", detail FROM annotations
     WHERE tenant_id = $1 AND kind = $2 AND detail ->> $3 = $4 ORDER BY happened_at, id`,
    [tenantId, kind, field, text],
  );
}
