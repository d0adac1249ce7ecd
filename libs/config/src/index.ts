/** The only reader of the process environment: read once, typed, judged at boot. */
export {
  readProcessSettings,
  readSettings,
  SettingsInvalid,
  VARIABLES,
  variableName,
} from './read-settings.js';
export { Settings, TIME_SERIES_ENGINES } from './settings.js';
export { SettingsModule } from './settings.module.js';
