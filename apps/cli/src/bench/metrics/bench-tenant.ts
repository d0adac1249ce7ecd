/** A tenant of the bench. The first is the largest. */
export interface BenchTenant {
  /** From 1. */
  readonly number: number;
  readonly tenantId: string;
  /** Of a trusted sender that may also do all else. */
  readonly key: string;
  /** IANA zone. */
  readonly timeZone: string;
  /** Of all events; shares fall with the number, as sizes of podcasts do. */
  readonly share: number;
  readonly podcasts: number;
}
