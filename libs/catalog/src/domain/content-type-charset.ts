/** The `charset` parameter of a Content-Type header, unquoted and in lower case, or null. */
export function contentTypeCharset(contentType: string | null): string | null {
  const match = /;\s*charset\s*=\s*(?:"([^"]{1,40})"|([^\s;"]{1,40}))/i.exec(contentType ?? '');
  return (match?.[1] ?? match?.[2])?.trim().toLowerCase() || null;
}
