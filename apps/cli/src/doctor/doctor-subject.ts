import type { Settings } from '@lib/config';
import type { RolePool } from '@lib/database';
import type { LoginSession } from '../connect-as-login.js';
import type { CommandIo } from '../command-io.js';

/** What the checks look at. */
export interface DoctorSubject {
  readonly settings: Settings;
  readonly environment: CommandIo['environment'];
  /** As the login of DATABASE_URL: for facts about the server and the catalogue. */
  readonly login: LoginSession;
  /** As podcast_app on DATABASE_URL: what the application itself would see. */
  readonly app: RolePool;
  /** Leaves out the checks that write. */
  readonly readOnly: boolean;
}
