/** What counting knows, for those who describe questions and answers. */
export { DOWNLOAD_WINDOWS } from '../domain/counting/counting-rules.js';
export { OUTCOMES } from '../domain/counting/outcome.js';
