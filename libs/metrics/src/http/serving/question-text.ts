/**
 * The same text for the same question: the path and the parameters in the order of their names. Values of a parameter that
 * is repeated stay in the order in which they were sent, since that may mean something.
 */
export function questionText(url: string, query: unknown): string {
  const parameters = Object.entries(query as Record<string, string | string[]>).sort(([a], [b]) =>
    a < b ? -1 : 1,
  );
  return `${url.split('?', 1)[0] ?? ''} ${JSON.stringify(parameters)}`;
}
