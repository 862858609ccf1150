import { LONGEST_JWT_TTL_SECONDS } from '../../config/settings.js';
import type { SecretDigest } from '../../secrets/digests.js';

/** The grants that a client can have (RFC 7591 §2). */
export type GrantType = 'client_credentials';

/** The ways in which a client can be told to send its secret (RFC 7591 §2). */
export type TokenEndpointAuthMethod = 'client_secret_basic' | 'client_secret_post';

/** The forms of access token that this server can issue: a reference to its row, or a JWT (RFC 9068). */
export const ACCESS_TOKEN_FORMATS = ['opaque', 'jwt'] as const;

export type AccessTokenFormat = (typeof ACCESS_TOKEN_FORMATS)[number];

/**
 * How long the tokens of a client live.
 *
 * @param defaultSeconds what the settings of the server say
 */
export function accessTokenTtlOf(
  client: Pick<Client, 'accessTokenFormat' | 'accessTokenTtlSeconds'>,
  defaultSeconds: number,
): number {
  const { accessTokenFormat, accessTokenTtlSeconds: own } = client;
  if (own !== null) return own;
  return accessTokenFormat === 'jwt'
    ? Math.min(defaultSeconds, LONGEST_JWT_TTL_SECONDS)
    : defaultSeconds;
}

/** An OAuth app: a machine that may get tokens (RFC 6749 §2). */
export interface Client {
  /** The storage's own key; never on the wire. */
  readonly key: number;
  readonly clientId: string;
  readonly clientName: string;
  /** What it may have, in the catalogue's order. */
  readonly scopes: readonly string[];
  /** What it gets when it asks for nothing, in the catalogue's order. */
  readonly defaultScopes: readonly string[];
  readonly grantTypes: readonly GrantType[];
  /** Null: in the header or in the body, as it likes. */
  readonly tokenEndpointAuthMethod: TokenEndpointAuthMethod | null;
  /** The APIs that it may get tokens for (RFC 8707); empty: the default one. */
  readonly resources: readonly string[];
  readonly accessTokenFormat: AccessTokenFormat;
  /** Null: as the settings say. */
  readonly accessTokenTtlSeconds: number | null;
  /** Addresses and CIDR ranges from which it may get tokens; empty: from everywhere. */
  readonly allowedIps: readonly string[];
  /** Tokens an hour; null: as many as it likes. */
  readonly tokenQuota: number | null;
  readonly enabled: boolean;
  readonly createdAt: Date;
  readonly secrets: readonly ClientSecret[];
}

/** One of the secrets of a client. The secret itself is not kept. */
export interface ClientSecret {
  /** The storage's own key. */
  readonly key: number;
  readonly digest: SecretDigest;
  /** Its last four characters, to tell it from others. */
  readonly hint: string;
  readonly expiresAt: Date | null;
  /** By the clock of the database, which all nodes share; null: it does not end. */
  readonly endsInSeconds: number | null;
}

/** Whether a secret had ended when it was read. */
export function hasEnded({ endsInSeconds }: Pick<ClientSecret, 'endsInSeconds'>): boolean {
  return endsInSeconds !== null && endsInSeconds <= 0;
}

/** How many secrets of a client can work at a time. */
export const MOST_SECRETS = 5;

/** How many are looked at: those that work, and the latest that have expired. */
export const MOST_COMPARED = 10;

/** A client that is to be made, with its first secret; the rest takes its defaults. */
export interface NewClient {
  readonly clientId: string;
  readonly clientName: string;
  readonly scopes: readonly string[];
  readonly defaultScopes: readonly string[];
  readonly secret: { readonly digest: SecretDigest; readonly hint: string };
}
