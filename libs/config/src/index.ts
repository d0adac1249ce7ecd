/** The only reader of the process environment: read once, typed, judged at boot. */
export { readProcessSettings, readSettings, SettingsInvalid, VARIABLES } from './read-settings.js';
export { Settings } from './settings.js';
export { SettingsModule } from './settings.module.js';
