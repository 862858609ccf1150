/**
 * The media type of a `Content-Type` header (RFC 9110 §8.3.1), in small letters and without its
 * parameters; empty where there is no header.
 */
export function mediaType(contentType = ''): string {
  const end = contentType.indexOf(';');
  return (end === -1 ? contentType : contentType.slice(0, end)).trim().toLowerCase();
}
