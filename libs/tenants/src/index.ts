/** Tenants, their settings and their keys; who a credential proves. */
export { KeyUsage } from './application/key-usage.js';
export { KeysService, type KeyRequest } from './application/keys.service.js';
export { createPlatformKey, listPlatformKeys, revokePlatformKey } from './application/platform-keys.js';
export { TenantsService } from './application/tenants.service.js';
export type { PrivacySettings } from './domain/privacy-settings.js';
export { privacySettings } from './infrastructure/privacy-settings.sql.js';
export { TenantsHttpModule, TenantsModule } from './tenants.module.js';
