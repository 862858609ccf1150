import { DomainError } from '../../errors/domain-error.js';
import type { ManagedClient } from './managed-client.js';
import type { ManagedClientsStore } from './managed-clients.repository.js';

/**
 * Whether a client is a way in for an administrator that nothing but a change can close: it is
 * enabled, has the scope `admin` and the grant, is let in from everywhere, and has a secret that
 * never ends.
 */
export function isWorkingAdmin(client: ManagedClient): boolean {
  return (
    client.enabled &&
    client.scopes.includes('admin') &&
    client.grantTypes.includes('client_credentials') &&
    client.allowedIps.length === 0 &&
    client.secrets.some(({ expiresAt }) => expiresAt === null)
  );
}

/**
 * Holds a change to the rule that it must not take away the last working admin. To be called
 * after the change and in its transaction, which is thrown away with the error.
 *
 * @param after undefined where the client was deleted
 * @throws DomainError `conflict` where the change took the last one away
 */
export async function assertAdminRemains(
  store: ManagedClientsStore,
  before: ManagedClient,
  after: ManagedClient | undefined,
): Promise<void> {
  if (!isWorkingAdmin(before) || (after !== undefined && isWorkingAdmin(after))) return;
  const admins = await store.findWithScope('admin');
  if (admins.some(isWorkingAdmin)) return;
  throw new DomainError(
    'conflict',
    'This client is the last working admin: enabled, with the scope admin and its grant, no address list, and a secret without expiry. Make another one first.',
  );
}
