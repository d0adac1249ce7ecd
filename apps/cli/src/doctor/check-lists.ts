import { lapsedInclusions } from '@lib/ingestion';
import type { DoctorSubject } from './doctor-subject.js';
import type { Finding } from './finding.js';

interface ActiveList {
  kind: 'agents' | 'networks';
  sha256: string;
  source: string;
  loadedAt: Date;
}

const SHOWN = 10;

/** Which lists classify agents and networks. The small one that comes along is fit to serve; without networks a rule is idle. */
export async function checkLists({ app }: DoctorSubject): Promise<Finding[]> {
  const active = await app.query<ActiveList>(
    `SELECT DISTINCT ON (kind) kind, sha256, source, loaded_at AS "loadedAt" FROM lists
     WHERE activated_at IS NOT NULL ORDER BY kind, activated_at DESC`,
  );
  const find = (kind: ActiveList['kind']) => active.find((list) => list.kind === kind);
  return [
    {
      check: 'agent list',
      verdict: 'ok',
      detail: describe(
        find('agents'),
        'the small list that comes with the product; podcast lists update --agents loads a larger one',
      ),
    },
    {
      check: 'network list',
      verdict: find('networks') ? 'ok' : 'warn',
      detail: describe(
        find('networks'),
        'none, so data centres and VPN count like homes: podcast lists update --networks',
      ),
    },
  ];
}

/** Whether some tenant's inclusions do nothing any more because nobody looked at them for 90 days (IAB-14). */
export async function checkInclusions({ app }: DoctorSubject): Promise<Finding> {
  const check = 'included addresses';
  const lapsed = await app.transaction((sql) => lapsedInclusions(sql, new Date()));
  if (lapsed.length === 0)
    return { check, verdict: 'ok', detail: 'every entry was validated within 90 days' };
  const tenants = lapsed.map(({ tenantId, entries }) => `${tenantId}: ${entries}`);
  const more = tenants.length > SHOWN ? `\nand ${tenants.length - SHOWN} tenants more` : '';
  const detail =
    'Entries that do nothing, because nobody validated them for 90 days. Look at each and call ' +
    `POST /v1/address-lists/{id}/revalidate, or remove it. By tenant:\n${tenants.slice(0, SHOWN).join('\n')}${more}`;
  return { check, verdict: 'warn', detail };
}

function describe(list: ActiveList | undefined, otherwise: string): string {
  if (list === undefined) return otherwise;
  return `${list.sha256.slice(0, 12)} of ${list.loadedAt.toISOString().slice(0, 10)}, from ${list.source}`;
}
