import type { JWK } from 'jose';
import { LONGEST_JWT_TTL_SECONDS, type Settings } from '../../config/settings.js';

/** What a key signs with (RFC 7518 §3.1, RFC 8037 §3.1). */
export type SigningAlgorithm = Settings['jwtAlgorithm'];

/**
 * The only algorithms with which a token is believed. All are asymmetric: with `HS256` beside them
 * whoever has the public key could sign.
 */
export const SIGNING_ALGORITHMS: readonly SigningAlgorithm[] = ['EdDSA', 'ES256', 'RS256'];

/**
 * How long a key is published after it was retired: until the last token signed with it has
 * expired. A node may sign with it for a minute longer than the others, and clocks differ.
 */
export const PUBLISHED_AFTER_SECONDS = LONGEST_JWT_TTL_SECONDS + 300;

/** How long verifiers may keep the set of keys (`max-age`). */
export const JWKS_MAX_AGE_SECONDS = 300;

/** How long a key is published before it signs, so that no verifier meets it unprepared. */
export const PUBLISHED_BEFORE_SECONDS = 3 * JWKS_MAX_AGE_SECONDS;

/**
 * `next` is published and waits, `current` signs, `retired` is published until its last token has
 * expired.
 */
export type SigningKeyState = 'next' | 'current' | 'retired';

/** A signing key that is to be stored. */
export interface NewSigningKey {
  /** Its RFC 7638 thumbprint. */
  readonly kid: string;
  readonly algorithm: SigningAlgorithm;
  /** The public members alone. */
  readonly publicJwk: JWK;
  /** The private key, encrypted. */
  readonly sealed: string;
}

/** A signing key as it is stored. Its times are by the clock of the database. */
export interface SigningKey extends Omit<NewSigningKey, 'sealed'> {
  /** Null once it is retired: it can sign no more. */
  readonly sealed: string | null;
  readonly createdAt: Date;
  readonly activatedAt: Date | null;
  readonly retiredAt: Date | null;
  /** How long it has been published. */
  readonly ageSeconds: number;
  /** How long it has been signing; 0 for one that has not begun. */
  readonly activeSeconds: number;
}

/** The published keys by their states. */
export interface SigningKeySet {
  /** Undefined: no keys were made yet. */
  readonly current: SigningKey | undefined;
  readonly next: SigningKey | undefined;
  readonly retired: readonly SigningKey[];
}

/** What a key is for now. */
export function stateOf({ activatedAt, retiredAt }: SigningKey): SigningKeyState {
  if (retiredAt !== null) return 'retired';
  return activatedAt === null ? 'next' : 'current';
}

/** Sorts keys by their states. */
export function keySetOf(keys: readonly SigningKey[]): SigningKeySet {
  return {
    current: keys.find((key) => stateOf(key) === 'current'),
    next: keys.find((key) => stateOf(key) === 'next'),
    retired: keys.filter((key) => stateOf(key) === 'retired'),
  };
}
