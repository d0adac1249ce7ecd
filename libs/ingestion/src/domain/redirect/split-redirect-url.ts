/** Longer request targets are refused: no enclosure that a feed may have is as long. */
const MAX_LENGTH = 4_400;
const REDIRECT = /^\/r\/([a-z0-9][a-z0-9-]{2,63})\/(.+)$/s;

/**
 * The parts of a request target `/r/{handle}/{destination}`, as the client sent it: nothing is decoded, the query stays
 * with the destination.
 * @returns undefined for anything else, and for targets of more than 4,400 characters
 */
export function splitRedirectUrl(requestTarget: string): { handle: string; destination: string } | undefined {
  if (requestTarget.length > MAX_LENGTH) return undefined;
  const [, handle, destination] = REDIRECT.exec(requestTarget) ?? [];
  return handle === undefined || destination === undefined ? undefined : { handle, destination };
}
