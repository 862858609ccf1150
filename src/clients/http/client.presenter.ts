import { formatScope, parseScope } from '../../protocol/scope.js';
import { accessTokenTtlOf } from '../domain/client.js';
import type { ClientChange } from '../domain/client-change.js';
import type { ClientPage, ClientQuery, ClientSort } from '../domain/client-list.js';
import type { NewClientRequest } from '../domain/clients.service.js';
import {
  nextSecretExpiry,
  type IssuedSecret,
  type ManagedClient,
  type ManagedSecret,
} from '../domain/managed-client.js';
import type { Rotation } from '../domain/secret-rotation.js';
import { decodeCursor, encodeCursor } from './client.cursor.js';
import type { ClientSettingsDto } from './dto/client-settings.dto.js';
import type {
  ClientDto,
  ClientListDto,
  CreatedClientDto,
  ListedClientDto,
} from './dto/client.dto.js';
import type { CreateClientDto } from './dto/create-client.dto.js';
import type { CreateSecretDto } from './dto/create-secret.dto.js';
import { parseInstant } from '../../http/instant.js';
import type { ListClientsDto } from './dto/list-clients.dto.js';
import type { CreatedSecretDto, SecretDto } from './dto/secret.dto.js';
import type { UpdateClientDto } from './dto/update-client.dto.js';

/** Takes a new client from a body that the validation let through. */
export function toNewClient(body: CreateClientDto): NewClientRequest {
  const { client_id: clientId, client_name: clientName, scope } = body;
  return {
    ...toSettings(body),
    clientId: clientId ?? undefined,
    clientName,
    scopes: parseScope(scope),
  };
}

/** Takes a change from a body that the validation let through. */
export function toChange(body: UpdateClientDto): ClientChange {
  const { client_name: clientName, scope } = body;
  return {
    ...toSettings(body),
    clientName,
    scopes: scope === undefined ? undefined : parseScope(scope),
  };
}

function toSettings(body: ClientSettingsDto): ClientChange {
  const { default_scope: defaultScope } = body;
  return {
    description: body.description,
    defaultScopes: typeof defaultScope === 'string' ? parseScope(defaultScope) : defaultScope,
    grantTypes: body.grant_types,
    tokenEndpointAuthMethod: body.token_endpoint_auth_method,
    resources: body.resources,
    accessTokenFormat: body.access_token_format,
    accessTokenTtlSeconds: body.access_token_ttl,
    allowedIps: body.allowed_ips,
    enabled: body.enabled,
    contacts: body.contacts,
    selfRotation: body.self_rotation,
    tokenQuota: body.token_quota,
  };
}

/**
 * Takes a question for the list from a query that the validation let through.
 *
 * @throws DomainError `invalid_parameter` for a cursor that is none, or of another order
 */
export function toQuery(query: ListClientsDto): ClientQuery {
  const { q, scope, enabled, unused_since, secret_expires_before, sort, cursor } = query;
  return {
    text: q,
    scope,
    enabled,
    unusedSince: unused_since === undefined ? undefined : parseInstant(unused_since),
    secretExpiresBefore:
      secret_expires_before === undefined ? undefined : parseInstant(secret_expires_before),
    sort,
    after: cursor === undefined ? undefined : decodeCursor(sort, cursor),
  };
}

/** Takes the wish for a new secret from a body that the validation let through. */
export function toRotation(body: CreateSecretDto): Rotation {
  const { expires_at: expiresAt, expires_previous_in: seconds, revoke_tokens: revoke } = body;
  return {
    expiresAt: (typeof expiresAt === 'string' ? parseInstant(expiresAt) : null) ?? null,
    expiresPreviousInSeconds: seconds ?? undefined,
    revokeTokens: revoke ?? false,
  };
}

/**
 * Shows a client.
 *
 * @param defaultTtlSeconds how long the tokens of a client live that has no number of its own
 */
export function toClientDto(client: ManagedClient, defaultTtlSeconds: number): ClientDto {
  return {
    client_id: client.clientId,
    client_name: client.clientName,
    description: client.description,
    scope: formatScope(client.scopes),
    default_scope: formatScope(client.defaultScopes),
    grant_types: client.grantTypes,
    token_endpoint_auth_method: client.tokenEndpointAuthMethod,
    resources: client.resources,
    access_token_format: client.accessTokenFormat,
    access_token_ttl: accessTokenTtlOf(client, defaultTtlSeconds),
    allowed_ips: client.allowedIps,
    enabled: client.enabled,
    contacts: client.contacts,
    secrets: client.secrets.map(toSecretDto),
    self_rotation: client.selfRotation,
    token_quota: client.tokenQuota,
    created_at: client.createdAt.toISOString(),
    updated_at: client.updatedAt.toISOString(),
    last_used_at: client.lastUsedAt?.toISOString() ?? null,
    tokens_this_hour: client.tokensThisHour,
    version: client.version,
  };
}

/** Shows a client with its first secret, which is shown this once. */
export function toCreatedClientDto(
  client: ManagedClient,
  { clientSecret }: IssuedSecret,
  defaultTtlSeconds: number,
): CreatedClientDto {
  const { client_id, ...rest } = toClientDto(client, defaultTtlSeconds);
  return { client_id, client_secret: clientSecret, ...rest };
}

/** Shows a part of the list. */
export function toClientListDto(
  { clients, next, total }: ClientPage,
  sort: ClientSort,
  defaultTtlSeconds: number,
): ClientListDto {
  const toItem = (client: ManagedClient): ListedClientDto =>
    Object.assign(toClientDto(client, defaultTtlSeconds), {
      next_secret_expiry: nextSecretExpiry(client)?.toISOString() ?? null,
    });
  return {
    items: clients.map(toItem),
    next_cursor: next === undefined ? null : encodeCursor(sort, next),
    total: total ?? null,
  };
}

/** Shows a new secret, itself this once. */
export function toCreatedSecretDto({ secret, clientSecret }: IssuedSecret): CreatedSecretDto {
  const { secret_id, ...rest } = toSecretDto(secret);
  return { secret_id, client_secret: clientSecret, ...rest };
}

function toSecretDto(secret: ManagedSecret): SecretDto {
  return {
    secret_id: secret.secretId,
    hint: `…${secret.hint}`,
    created_at: secret.createdAt.toISOString(),
    expires_at: secret.expiresAt?.toISOString() ?? null,
    last_used_at: secret.lastUsedAt?.toISOString() ?? null,
    last_used_address: secret.lastUsedAddress,
  };
}
