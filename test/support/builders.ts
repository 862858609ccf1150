import { randomUUID } from 'node:crypto';
import {
  generateClientId,
  generateClientSecret,
  secretHint,
} from '../../src/clients/domain/client-secret.js';
import { secretDigest } from '../../src/secrets/digests.js';
import type { TestDatabase } from './database.js';

/** What a test says of a client; the rest is usual: enabled, `read write`, one secret. */
export interface ClientTraits {
  readonly clientId?: string;
  readonly clientSecret?: string;
  readonly scopes?: string[];
  readonly defaultScopes?: string[];
  readonly grantTypes?: string[];
  readonly tokenEndpointAuthMethod?: string | null;
  readonly resources?: string[];
  readonly accessTokenFormat?: 'opaque' | 'jwt';
  readonly accessTokenTtl?: number | null;
  readonly allowedIps?: string[];
  readonly enabled?: boolean;
  readonly tokenQuota?: number | null;
  /** When the secret stops working. */
  readonly expiresAt?: Date | null;
}

/** A stored client, with its secret in clear. */
export interface StoredClient {
  readonly clientId: string;
  readonly clientSecret: string;
}

/**
 * Puts a client into a database, in the storage's own terms: for states that no route can make
 * yet.
 */
export async function aClient(
  database: TestDatabase,
  traits: ClientTraits = {},
): Promise<StoredClient> {
  const clientId = traits.clientId ?? generateClientId();
  const clientSecret = traits.clientSecret ?? generateClientSecret();
  const scopes = traits.scopes ?? ['read', 'write'];
  const [row] = await database.query<{ id: number }>(
    `INSERT INTO oauth_client (client_id, client_name, scopes, default_scopes, grant_types,
       token_endpoint_auth_method, resources, access_token_ttl, allowed_ips, enabled, token_quota,
       access_token_format)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) RETURNING id`,
    [
      clientId,
      `Test ${clientId}`,
      scopes,
      traits.defaultScopes ?? scopes.filter((scope) => scope !== 'admin'),
      traits.grantTypes ?? ['client_credentials'],
      traits.tokenEndpointAuthMethod ?? null,
      traits.resources ?? [],
      traits.accessTokenTtl ?? null,
      traits.allowedIps ?? [],
      traits.enabled ?? true,
      traits.tokenQuota ?? null,
      traits.accessTokenFormat ?? 'opaque',
    ],
  );
  await database.query(
    `INSERT INTO oauth_client_secret (secret_id, client, digest, hint, expires_at)
     VALUES ($1, $2, $3, $4, $5)`,
    [
      randomUUID(),
      row?.id,
      secretDigest(clientSecret),
      secretHint(clientSecret),
      traits.expiresAt ?? null,
    ],
  );
  return { clientId, clientSecret };
}
