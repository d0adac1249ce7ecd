/** Types and arithmetic that every other library may use. Imports nothing. */
export { DomainError } from './domain-error.js';
export { AUDIENCE_SERIES, audiencePeriod, dayPeriod, weekOf, type KeyPeriod } from './key-period.js';
export { LocalZone, localZone, type WallTime } from './local-zone.js';
export { parseUrl } from './parse-url.js';
export { isUuid, toTenantId, type TenantId } from './tenant-id.js';
export { DAY_MS, HOUR_MS, MINUTE_MS, SLICE_MS, floorTime, utcDate } from './time-range.js';
export { withinTime } from './within-time.js';
