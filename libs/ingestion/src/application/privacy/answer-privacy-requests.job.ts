import { defineJob } from '@lib/queue';

/** Looks every few seconds whether a listener's request waits for its turn. */
export const answerPrivacyRequestsJob = defineJob({
  name: 'answer-privacy-requests',
  schedule: { everyMs: 5_000 },
});
