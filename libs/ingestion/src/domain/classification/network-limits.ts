/** What a file of networks may be: room for every block that is announced on the internet. */
export const NETWORK_LIMITS = {
  fileBytes: 128 * 1024 * 1024,
  rows: 3_000_000,
  lineCharacters: 1_000,
} as const;
