/** Endings of file names that could also be the last label of a host name. */
const FILE_ENDINGS = new Set(['aac', 'flac', 'mov', 'oga', 'ogg', 'opus', 'pdf', 'wav', 'webm', 'wma', 'xml', 'php', 'html', 'htm', 'aspx', 'jpg', 'png']); // prettier-ignore

const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/i;
const TOP_LEVEL = /^(?:[a-z]{2,63}|xn--[a-z0-9-]{1,59})$/i;

/** True for `cdn.example.com` and `cdn.example.com:8080`; false for single labels and file names. */
export function looksLikeHost(text: string): boolean {
  if (text.length > 260) return false;
  const labels = text.replace(/:\d{1,5}$/, '').split('.');
  const last = labels.at(-1) ?? '';
  if (labels.length < 2 || !TOP_LEVEL.test(last) || FILE_ENDINGS.has(last.toLowerCase())) return false;
  return labels.every((label) => LABEL.test(label));
}
