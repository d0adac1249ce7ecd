/**
 * The columns and values of the fields that are given: `undefined` leaves a column alone, `null` empties it.
 * @param columns the column of every field; names come from here only, so they are safe in SQL text
 */
export function columnValues<Fields extends object>(
  columns: Record<keyof Fields, string>,
  fields: Fields,
): { columns: string[]; values: unknown[] } {
  const entries = Object.entries(fields) as [keyof Fields, unknown][];
  const given = entries.filter(([, value]) => value !== undefined);
  return { columns: given.map(([field]) => columns[field]), values: given.map(([, value]) => value) };
}
