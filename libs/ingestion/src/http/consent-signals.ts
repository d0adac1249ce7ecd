import type { IncomingHttpHeaders } from 'node:http';
import type { ConsentSignals } from '../domain/privacy/read-consent.js';

/** What the headers of a request say about consent. */
export function headerSignals(headers: IncomingHttpHeaders): Pick<ConsentSignals, 'secGpc' | 'dnt'> {
  return { secGpc: first(headers['sec-gpc']), dnt: first(headers.dnt) };
}

/** What the query of a request's target says about consent: `gdpr` and `gdpr_consent`. The query itself is left alone. */
export function querySignals(requestTarget: string): Pick<ConsentSignals, 'gdpr' | 'gdprConsent'> {
  const start = requestTarget.indexOf('?');
  if (start < 0 || !requestTarget.includes('gdpr', start)) return {};
  const query = new URLSearchParams(requestTarget.slice(start + 1));
  return { gdpr: query.get('gdpr') ?? undefined, gdprConsent: query.get('gdpr_consent') ?? undefined };
}

function first(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : header?.[0];
}
