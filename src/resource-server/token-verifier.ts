/** A value, or one that has to be waited for: what is known at once need not wait its turn. */
export type Awaitable<Value> = Value | Promise<Value>;

/** Whether a value has to be waited for, whoever made the promise. */
export function isPending<Value>(value: Awaitable<Value>): value is Promise<Value> {
  return typeof (value as { then?: unknown } | undefined)?.then === 'function';
}

/** What a live access token says. */
export interface VerifiedToken {
  /** The client that it was issued to. */
  readonly clientId: string;
  /** What it may do now: a scope that its client has lost since is not among them. */
  readonly scopes: readonly string[];
  /** The APIs that it is for (`aud`, RFC 9068 §2.2). */
  readonly audience: readonly string[];
  readonly issuedAt: Date;
  readonly expiresAt: Date;
}

/**
 * The port through which the guard asks who a caller is. How tokens are made and kept is the
 * business of its adapters.
 */
export abstract class TokenVerifier {
  /**
   * Judges a token.
   *
   * @param token what stood behind `Bearer`, of b64token's letters (RFC 6750 §2.1)
   * @returns undefined for a token that is unknown, expired, revoked or malformed, or whose client
   *   is switched off
   * @throws whatever kept it from finding out: the guard answers 503 then, never 401 or 200
   */
  abstract verify(token: string): Awaitable<VerifiedToken | undefined>;
}
