/** What Apache's directives are called by nginx. `%t` brings its brackets along. */
const DIRECTIVES: Readonly<Record<string, string>> = {
  h: '$remote_addr',
  a: '$remote_addr',
  u: '$remote_user',
  t: '[$time_local]',
  r: '$request',
  s: '$status',
  b: '$body_bytes_sent',
  B: '$body_bytes_sent',
  O: '$bytes_sent',
  m: '$request_method',
  U: '$uri',
  V: '$host',
  v: '$server_name',
  L: '$request_id',
};

const DIRECTIVE = /%[!0-9,]*[<>]?(?:\{([^}]*)\})?(\^t[io]|[a-zA-Z%])/g;

/** Writes an Apache `LogFormat` as an nginx `log_format`. Directives that mean nothing here become variables to skip. */
export function toNginxFormat(format: string): string {
  return format
    .replaceAll('\\"', '"')
    .replace(DIRECTIVE, (_, argument: string | undefined, letter: string) => {
      if (letter === '%') return '%';
      if (argument === undefined || argument === 'c')
        return DIRECTIVES[letter] ?? `$skipped_${letter.toLowerCase()}`;
      const name = argument.toLowerCase().replace(/[^a-z0-9]/g, '_');
      if (letter === 'i') return `$http_${name}`;
      if (letter === 'o') return `$sent_http_${name}`;
      return name === 'unique_id' ? '$request_id' : `$skipped_${name}`;
    });
}
