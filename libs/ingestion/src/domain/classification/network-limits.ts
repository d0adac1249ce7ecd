/** Bytes that a file of networks may have: room for every block that is announced on the internet. */
export const NETWORK_FILE_BYTES = 128 * 1024 * 1024;

/** What else a file of networks may be. */
export const NETWORK_LIMITS = {
  rows: 3_000_000,
  lineCharacters: 1_000,
} as const;
