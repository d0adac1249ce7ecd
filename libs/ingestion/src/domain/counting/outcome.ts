/**
 * What became of a request, in the order in which the rules are asked: the first that applies names the outcome, so
 * that each request has exactly one and the outcomes add up to the requests. Stable: stored, and shown by explain.
 *
 * - `status`: neither 200 nor 206 (IAB-16).
 * - `range_probe`: the two bytes by which players ask whether ranges work (IAB-12).
 * - `volume`, `breadth`: the address, or the listener, asked for too much on that UTC day (IAB-07).
 * - `no_listener`: passes, but its address or key is missing, so nobody can tell whose download it is.
 * - `below_threshold`: what its window had served by the end of the UTC day is less than one minute (IAB-17).
 * - `counted`: the request that completed a download. There is one for each download.
 * - `merged_piece`: part of a download that another request completed: came before it that day, or brought more after it.
 * - `repeat_in_window`: brought nothing new to a download already complete.
 */
export const OUTCOMES = [
  'duplicate_delivery',
  'not_an_episode',
  'not_get',
  'status',
  'range_probe',
  'apple_watch',
  'malformed_agent',
  'bot_agent',
  'bot_library',
  'bot_generic',
  'datacentre',
  'vpn',
  'excluded_address',
  'volume',
  'breadth',
  'bad_referrer',
  'no_listener',
  'below_threshold',
  'merged_piece',
  'repeat_in_window',
  'counted',
] as const;
export type Outcome = (typeof OUTCOMES)[number];
