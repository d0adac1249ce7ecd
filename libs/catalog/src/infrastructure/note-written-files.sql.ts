import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';

/**
 * Notes what is known of the files of episodes that this transaction has written. Call it after every statement that writes
 * episodes: on Citus nothing else does, on other engines triggers have done it.
 */
export async function noteWrittenFiles(
  sql: Sql,
  tenantId: TenantId,
  episodeIds: readonly string[],
): Promise<void> {
  await sql('SELECT note_written_files($1, $2)', [tenantId, episodeIds]);
}
