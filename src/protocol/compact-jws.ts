/**
 * Whether a text has the form of a compact JWS (RFC 7515 §7.1): three parts in base64url, each in its
 * one right spelling. A decoder passes over the last bits of a part that stand for nothing, so that a
 * token would have several texts.
 */
export function isCompactJws(text: string): boolean {
  const parts = text.split('.');
  return parts.length === 3 && parts.every(isBase64Url);
}

function isBase64Url(part: string): boolean {
  return part !== '' && Buffer.from(part, 'base64url').toString('base64url') === part;
}
