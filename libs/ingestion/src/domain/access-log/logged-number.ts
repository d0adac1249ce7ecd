/** A count of bytes in decimal: undefined when it is none, null for the `-` of an empty field. */
export function loggedBytes(text: string | null): number | null | undefined {
  if (text === null) return null;
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** A status of three digits, `000` included: undefined when it is none, null for an empty field. */
export function loggedStatus(text: string | null): number | null | undefined {
  if (text === null) return null;
  return /^\d{3}$/.test(text) ? Number(text) : undefined;
}
