/** What can happen to an episode. `download_request` is a request for its file; the rest are told by players. */
export const EVENT_TYPES = [
  'download_request',
  'play',
  'pause',
  'resume',
  'seek',
  'progress',
  'complete',
  'ad_delivered',
  'ad_play',
] as const;
export type EventType = (typeof EVENT_TYPES)[number];
