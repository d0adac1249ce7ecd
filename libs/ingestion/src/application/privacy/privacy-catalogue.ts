/** What privacy requests can be, for those who describe questions and answers. */
export { PRIVACY_REQUEST_KINDS, type PrivacyRequestKind } from '../../domain/privacy/privacy-request.js';
