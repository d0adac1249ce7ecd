import { FeedFetchFailed, fetchFeed } from '@lib/catalog';
import { VERSION } from '@lib/observability';
import type { ListFile } from '../domain/classification/list-entry.js';
import { LIST_FILE_BYTES } from '../domain/classification/list-limits.js';
import { ListRejected } from '../domain/classification/list.errors.js';

const TIMEOUT_MS = 30_000;

/**
 * Fetches one file of an agent list: `<base>/bots.json` and so on. Goes where feeds may be fetched from and nowhere else.
 * @param base address of the folder; that it begins with https is for the caller to see to
 * @throws ListRejected
 */
export async function fetchListFile(
  base: string,
  file: ListFile,
  { allowPrivateAddresses }: { allowPrivateAddresses: boolean },
): Promise<Uint8Array> {
  const url = `${base.replace(/\/+$/, '')}/${file}.json`;
  try {
    const fetched = await fetchFeed(url, {
      userAgent: `podcast-measurement/${VERSION}`,
      accept: 'application/json, text/plain;q=0.9, */*;q=0.1',
      maxBytes: LIST_FILE_BYTES,
      timeoutMs: TIMEOUT_MS,
      allowPrivateAddresses,
    });
    if (fetched.status === 'fetched') return fetched.bytes;
    throw new ListRejected('list_unreadable', `${url} was answered as not modified`);
  } catch (error) {
    if (error instanceof FeedFetchFailed) throw new ListRejected('list_unreadable', `${url}: ${error.code}`);
    throw error;
  }
}
