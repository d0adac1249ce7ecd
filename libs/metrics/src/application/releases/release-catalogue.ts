/** What may be asked for about releases, for those who describe questions. */
export { FORECAST_DAYS } from '../../domain/releases/forecast-release.js';
export { AGE_STEPS } from '../../domain/releases/old-from.js';
export { HORIZONS } from '../../domain/releases/release-age.js';
