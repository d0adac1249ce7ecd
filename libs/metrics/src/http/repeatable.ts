/** A query parameter that may be repeated: Fastify gives one as a string and several as an array. */
export const repeatable = ({ value }: { value: unknown }) => (typeof value === 'string' ? [value] : value);
