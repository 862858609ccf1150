import { describe, expect, it } from '@jest/globals';
import { aManagedClient, aManagedSecret } from '../../../test/support/managed-clients.js';
import type { ManagedClient } from './managed-client.js';
import type { ManagedClientsStore } from './managed-clients.repository.js';
import { assertAdminRemains, isWorkingAdmin } from './working-admin.js';

const ending = aManagedSecret({ expiresAt: new Date('2099-01-01') });
const admin = aManagedClient({ scopes: ['read', 'admin'] });

const NOT_WORKING: readonly [string, Partial<ManagedClient>][] = [
  ['is switched off', { enabled: false }],
  ['lacks the scope', { scopes: ['read', 'write'] }],
  ['lacks the grant', { grantTypes: [] }],
  ['is let in from some addresses alone', { allowedIps: ['0.0.0.0/0'] }],
  ['has only a secret that ends', { secrets: [ending] }],
  ['has no secret', { secrets: [] }],
];

describe('a working admin', () => {
  it('is enabled, with scope, grant, no address list and a secret without end', () => {
    expect(isWorkingAdmin(admin)).toBe(true);
    expect(isWorkingAdmin({ ...admin, secrets: [ending, aManagedSecret()] })).toBe(true);
  });

  it.each(NOT_WORKING)('is none that %s', (_why, traits) => {
    expect(isWorkingAdmin({ ...admin, ...traits })).toBe(false);
  });
});

describe('a change', () => {
  /** A store that has these admins after the change. */
  const storeWith = (...admins: ManagedClient[]) =>
    ({ findWithScope: () => Promise.resolve(admins) }) as unknown as ManagedClientsStore;

  it.each(NOT_WORKING)('is refused after which the last one %s', async (_why, traits) => {
    const after = { ...admin, ...traits };
    await expect(assertAdminRemains(storeWith(after), admin, after)).rejects.toMatchObject({
      code: 'conflict',
    });
  });

  it('is refused that deletes the last one', async () => {
    const store = storeWith(aManagedClient({ scopes: ['admin'], enabled: false }));
    await expect(assertAdminRemains(store, admin, undefined)).rejects.toMatchObject({
      code: 'conflict',
    });
  });

  it('is fine where another one works', async () => {
    await expect(assertAdminRemains(storeWith(admin), admin, undefined)).resolves.toBeUndefined();
  });

  it('is fine for a client that was none, even where there is none at all', async () => {
    const partner = aManagedClient();
    await expect(
      assertAdminRemains(storeWith(), partner, { ...partner, enabled: false }),
    ).resolves.toBeUndefined();
  });

  it('is fine that leaves it working', async () => {
    const after = { ...admin, description: 'x' };
    await expect(assertAdminRemains(storeWith(), admin, after)).resolves.toBeUndefined();
  });
});
