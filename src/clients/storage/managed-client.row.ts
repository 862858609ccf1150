import type { ManagedClient, ManagedSecret } from '../domain/managed-client.js';

/** In `oauth_client_usage`: never. It sorts before every time, where NULL would need a rule. */
export const NEVER_USED = '-infinity';

/**
 * The columns of a client as it is administered, from `oauth_client c` and its
 * `oauth_client_usage u`. Scopes come in the catalogue's order, and one that the catalogue has no
 * more does not come. The secrets come as one JSON list, without their digests.
 */
export const MANAGED_CLIENT_COLUMNS = `
  c.id AS key, c.client_id AS "clientId", c.client_name AS "clientName", c.description,
  ARRAY(SELECT scope FROM oauth_scope WHERE scope = ANY (c.scopes) ORDER BY position) AS scopes,
  ARRAY(SELECT scope FROM oauth_scope WHERE scope = ANY (c.default_scopes) ORDER BY position)
    AS "defaultScopes",
  c.grant_types AS "grantTypes", c.token_endpoint_auth_method AS "tokenEndpointAuthMethod",
  c.resources, c.access_token_format AS "accessTokenFormat",
  c.access_token_ttl AS "accessTokenTtlSeconds", c.allowed_ips AS "allowedIps", c.enabled,
  c.contacts, c.self_rotation AS "selfRotation", c.token_quota AS "tokenQuota", c.version,
  c.created_at AS "createdAt", c.updated_at AS "updatedAt",
  nullif(u.last_used_at, '${NEVER_USED}') AS "lastUsedAt",
  coalesce((SELECT issued FROM oauth_token_count t WHERE t.client = c.id
    AND t.hour = floor(extract(epoch FROM now()) / 3600)::integer), 0) AS "tokensThisHour",
  (SELECT coalesce(json_agg(json_build_object(
      'key', s.id, 'secretId', s.secret_id, 'hint', s.hint, 'createdAt', s.created_at,
      'expiresAt', s.expires_at,
      'works', coalesce(s.expires_at > clock_timestamp(), true),
      'lastUsedAt', su.last_used_at, 'lastUsedAddress', su.last_used_address) ORDER BY s.id), '[]')
    FROM oauth_client_secret s LEFT JOIN oauth_secret_usage su ON su.secret = s.id
    WHERE s.client = c.id) AS secrets`;

/** Where {@link MANAGED_CLIENT_COLUMNS} come from. A trigger gives every client its usage row. */
export const MANAGED_CLIENT_TABLES = 'oauth_client c JOIN oauth_client_usage u ON u.client = c.id';

/** A row of {@link MANAGED_CLIENT_COLUMNS}. */
export type ManagedClientRow = Omit<ManagedClient, 'secrets'> & {
  readonly secrets: readonly SecretRow[];
};

type SecretRow = Omit<ManagedSecret, 'createdAt' | 'expiresAt' | 'lastUsedAt'> &
  Readonly<Record<'createdAt', string>> &
  Readonly<Record<'expiresAt' | 'lastUsedAt', string | null>>;

/** The client of a row. */
export function toManagedClient({ secrets, ...client }: ManagedClientRow): ManagedClient {
  return { ...client, secrets: secrets.map(toManagedSecret) };
}

function toManagedSecret({
  createdAt,
  expiresAt,
  lastUsedAt,
  ...secret
}: SecretRow): ManagedSecret {
  return {
    ...secret,
    createdAt: new Date(createdAt),
    expiresAt: expiresAt === null ? null : new Date(expiresAt),
    lastUsedAt: lastUsedAt === null ? null : new Date(lastUsedAt),
  };
}
