import type { AccessTokenFormat, GrantType, TokenEndpointAuthMethod } from './client.js';

/** What an administrator decides of a client. */
export interface ClientSettings {
  readonly clientName: string;
  readonly description: string;
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
  /** Null: as the settings of the server say. */
  readonly accessTokenTtlSeconds: number | null;
  /** Addresses and CIDR ranges from which it may get tokens; empty: from everywhere. */
  readonly allowedIps: readonly string[];
  readonly enabled: boolean;
  /** Whom to ask about it. */
  readonly contacts: readonly string[];
  /** Whether it may give itself a new secret. */
  readonly selfRotation: boolean;
  /** Tokens an hour; null: as many as it likes. */
  readonly tokenQuota: number | null;
}

/**
 * A client as its administrators see it: no digest of a secret is in it, so that none can get out
 * through an answer, a log line or the audit trail.
 */
export interface ManagedClient extends ClientSettings {
  /** The storage's own key. */
  readonly key: number;
  readonly clientId: string;
  /** Counts the changes, from 1. */
  readonly version: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  /** Null: never. */
  readonly lastUsedAt: Date | null;
  /** Issued in the present hour: many, where it asks for a new one at every call. */
  readonly tokensThisHour: number;
  /** Oldest first. */
  readonly secrets: readonly ManagedSecret[];
}

/** A secret as administrators see it. */
export interface ManagedSecret {
  /** The storage's own key. */
  readonly key: number;
  readonly secretId: string;
  /** Its last four characters. */
  readonly hint: string;
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
  /** Whether it is not past its expiry, by the clock of the database, which all nodes share. */
  readonly works: boolean;
  /** Null: never. */
  readonly lastUsedAt: Date | null;
  readonly lastUsedAddress: string | null;
}

/** A secret that was made just now, in clear: it is shown once, and kept nowhere. */
export interface IssuedSecret {
  readonly secret: ManagedSecret;
  readonly clientSecret: string;
}

/** When the next of the working secrets ends; null: none does. */
export function nextSecretExpiry({ secrets }: Pick<ManagedClient, 'secrets'>): Date | null {
  const ends = secrets.flatMap(({ works, expiresAt }) =>
    works && expiresAt !== null ? [expiresAt.getTime()] : [],
  );
  return ends.length === 0 ? null : new Date(Math.min(...ends));
}
