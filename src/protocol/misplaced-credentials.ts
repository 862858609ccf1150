/** The shape of a client secret that this server has made; scanners look for the same. */
const CLIENT_SECRET = 'pst_[A-Za-z0-9]{40}';

/**
 * Of a client secret, also one that is mistyped or cut; a JWT (RFC 7515 §3.1); and an opaque access
 * token, which is told by its length alone, so not as part of a longer word.
 */
const CREDENTIALS = new RegExp(
  [
    'pst_[A-Za-z0-9]{8,}',
    String.raw`(?<![\w-])eyJ[\w-]+\.[\w-]+(?:\.[\w-]*)?`,
    '(?<![A-Za-z0-9._~-])[A-Za-z0-9]{30}(?![A-Za-z0-9._~-])',
  ].join('|'),
  'g',
);
const WHOLE_SECRET = new RegExp(`^${CLIENT_SECRET}$`);

/** What stands in a credential's place. */
export const WITHHELD = '[withheld]';

/**
 * A text without what looks like a secret or a token. Callers put these where ids belong, into the
 * path or into a header of another use, and from there they would go to logs and the audit trail
 * (RFC 6750 §5.3, RFC 9700 §4.3.2).
 *
 * @example withheld('/clients/pst_…') // '/clients/[withheld]'
 */
export function withheld(text: string): string {
  return text.replace(CREDENTIALS, WITHHELD);
}

/** Whether a text is a client secret as this server makes them: so it is no id of anything. */
export function isClientSecret(text: string): boolean {
  return WHOLE_SECRET.test(text);
}
