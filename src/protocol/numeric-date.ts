/** A time as tokens and introspection tell it: whole seconds since the epoch (`NumericDate`, RFC 7519 §2). */
export function numericDate(instant: Date): number {
  return Math.floor(instant.getTime() / 1000);
}
