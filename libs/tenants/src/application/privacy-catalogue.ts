/** What privacy settings can be, for those who describe questions and answers. */
export { EU_MODES, LEGAL_BASES, type PrivacySettings } from '../domain/privacy-settings.js';
