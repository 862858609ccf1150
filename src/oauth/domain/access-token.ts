import { randomLetters } from '../../secrets/random-letters.js';
import type { VerifiedToken } from '../../resource-server/index.js';
import type { TokenDigest } from '../../secrets/digests.js';

const LENGTH = 30;
const LETTERS = /^[A-Za-z0-9]+$/;

/** Draws an opaque access token: 30 letters and digits, 178 random bits (RFC 6749 §10.10). */
export function drawAccessToken(): string {
  return randomLetters(LENGTH);
}

const JTI_LENGTH = 24;

/**
 * Draws the name of a JWT access token (RFC 7519 §4.1.7): 143 random bits. Its row is found by the
 * name as an opaque token's is by itself; so it is of another length, since whoever reads the JWT
 * learns the name, which must never be taken for a token.
 */
export function drawTokenName(): string {
  return randomLetters(JTI_LENGTH);
}

/** Whether a text can be an opaque token of this server at all. */
export function isOpaqueToken(text: string): boolean {
  // V8 unrolls `{30}`, which takes three times as long.
  return hasOpaqueLength(text) && LETTERS.test(text);
}

/** The cheaper question, which tells a JWT from an opaque token. */
export function hasOpaqueLength(text: string): boolean {
  return text.length === LENGTH;
}

/** A token that is to be stored. The token itself is not among its fields. */
export interface NewAccessToken {
  readonly digest: TokenDigest;
  readonly clientKey: number;
  /** The secret that it was got with: after a leak, its tokens can be told from others. */
  readonly secretKey: number;
  readonly scopes: readonly string[];
  /** Null: the default audience, whatever its name. */
  readonly audience: readonly string[] | null;
  readonly ttlSeconds: number;
}

/** A live token, as the store has it. */
export interface LiveAccessToken {
  readonly digest: TokenDigest;
  readonly clientKey: number;
  /** What it says now: a scope that its client has lost is not among its scopes. */
  readonly claims: VerifiedToken;
  /** From the moment of the look-up, by the clock of the store. */
  readonly secondsLeft: number;
}
