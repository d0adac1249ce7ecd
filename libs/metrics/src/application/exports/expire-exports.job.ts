import { defineJob } from '@lib/queue';

/** Nobody can fetch a file whose time is over; its bytes may wait a little longer. */
export const expireExportsJob = defineJob({ name: 'expire-exports', schedule: { everyMs: 300_000 } });
