import { randomUUID } from 'node:crypto';
import type { ManagedClient, ManagedSecret } from '../../src/clients/domain/managed-client.js';

/** A secret as administrators see it: it works, for ever, and was never used. */
export function aManagedSecret(traits: Partial<ManagedSecret> = {}): ManagedSecret {
  return {
    key: 1,
    secretId: randomUUID(),
    hint: 'abcd',
    createdAt: new Date('2026-01-01T00:00:00Z'),
    expiresAt: null,
    works: true,
    lastUsedAt: null,
    lastUsedAddress: null,
    ...traits,
  };
}

/** A client as administrators see it: enabled, `read write`, one secret. */
export function aManagedClient(traits: Partial<ManagedClient> = {}): ManagedClient {
  const scopes = traits.scopes ?? ['read', 'write'];
  return {
    key: 1,
    clientId: 'billing',
    clientName: 'Billing',
    description: '',
    scopes,
    defaultScopes: scopes,
    grantTypes: ['client_credentials'],
    tokenEndpointAuthMethod: null,
    resources: [],
    accessTokenFormat: 'opaque',
    accessTokenTtlSeconds: null,
    allowedIps: [],
    enabled: true,
    contacts: [],
    selfRotation: false,
    tokenQuota: null,
    version: 1,
    createdAt: new Date('2026-01-01T00:00:00Z'),
    updatedAt: new Date('2026-01-01T00:00:00Z'),
    lastUsedAt: null,
    tokensThisHour: 0,
    secrets: [aManagedSecret()],
    ...traits,
  };
}
