import { randomUUID } from 'node:crypto';
import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';

/** Notes something that explains a change in numbers. */
export async function insertAnnotation(
  sql: Sql,
  tenantId: TenantId,
  annotation: { happenedAt: Date; kind: 'recount_applied' | 'list_changed'; detail: object },
): Promise<void> {
  await sql(
    `INSERT INTO annotations (tenant_id, id, happened_at, kind, detail) VALUES ($1, $2, $3, $4, $5)`,
    [tenantId, randomUUID(), annotation.happenedAt, annotation.kind, JSON.stringify(annotation.detail)],
  );
}
