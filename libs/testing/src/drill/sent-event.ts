/** A tenant of the drill. Every text that it sends carries its canary. */
export interface DrillTenant {
  readonly tenantId: string;
  readonly canary: string;
  readonly episodeIds: readonly string[];
  /** May read and administer. */
  readonly adminKey: string;
}

/** What an event is sent as, and what must come of it. */
export interface SentEvent {
  readonly tenant: DrillTenant;
  /** The sender's key is trusted, so that bytes count as proof. */
  readonly trusted: boolean;
  readonly body: EventBody;
  /** `stored`, or the code with which it must be refused. */
  readonly expected: string;
  /** Once the API has said that it is stored, or refused it for good. */
  final: boolean;
  /** How often it was answered `accepted`: once at most. */
  accepted: number;
}

export interface EventBody {
  id: string;
  type: string;
  occurredAt: string;
  episodeId: string;
  sessionId: string;
  positionMs?: number;
  client?: { ip: string; userAgent: string };
  request?: { method: string; status: number; bytes?: number; range: string };
  data: Record<string, unknown>;
  /** Only in events that must be refused. */
  [unknown: string]: unknown;
}

/** What makes two events one: id and instant, within a tenant. */
export function eventKey(tenantId: string, eventId: string, at: number): string {
  return `${tenantId} ${eventId} ${at}`;
}

/** The key of an event that was sent. */
export function sentKey({ tenant, body }: SentEvent): string {
  return eventKey(tenant.tenantId, body.id, Date.parse(body.occurredAt));
}

/** How strong the proof behind an event is, by the published rule and not by the product's code. */
export function evidenceOf({ trusted, body }: SentEvent): string {
  if (body.type !== 'download_request') return 'client_confirmed';
  return trusted && body.request?.bytes !== undefined ? 'origin_bytes' : 'prefix_only';
}
