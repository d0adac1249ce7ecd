/**
 * A URL, or undefined where the text is none.
 *
 * In place of `URL.canParse`: once Node 20 has optimised a function that calls it, it answers false for every text with a
 * letter beyond ASCII and within Latin-1 (`https://résumé.example`), however right that is.
 */
export function parseUrl(text: string, base?: string): URL | undefined {
  try {
    return new URL(text, base);
  } catch {
    return undefined;
  }
}
