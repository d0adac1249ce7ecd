import type { SentBy } from '../../infrastructure/exports/exported-rows.sql.js';

/** With what somebody listened, as downloads name it. */
export interface AgentNames {
  readonly app: string;
  readonly device: string;
}

/** Names the agents of requests, in their order; null where there is nothing to name them by. Called in an open `TenantDb.run`. */
export interface AgentNamer {
  name(requests: readonly SentBy[]): Promise<readonly AgentNames[] | null>;
}

/** Token under which a process provides its `AgentNamer`. Without one, apps and devices of raw events are null. */
export const AGENT_NAMER = Symbol('AGENT_NAMER');
