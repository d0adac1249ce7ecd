/** What counting knows, for those who describe questions and answers. */
export { DOWNLOAD_WINDOWS } from '../domain/counting/counting-rules.js';
export { OUTCOMES } from '../domain/counting/outcome.js';
export { COUNTED_AGENTS, OVERRIDE_KINDS } from '../domain/classification/agent-override.js';
export { OVERRIDE_LIMITS } from '../domain/classification/list-limits.js';
export { UNRECORDED_REASONS } from '../domain/unrecorded-request.js';
