import { DomainError } from '../../errors/domain-error.js';
import type { IssuedSecret, ManagedClient } from './managed-client.js';
import type { ManagedClientsStore } from './managed-clients.repository.js';
import { isLine } from './text.js';

/** No id is longer, not even one that was brought along from another server. */
const LONGEST_ID = 255;

/** @throws DomainError `not_found` */
export async function existingClient(
  store: Pick<ManagedClientsStore, 'find'>,
  clientId: string,
): Promise<ManagedClient> {
  // What is no line of text can't be an id, and is no question for the database.
  const client = isLine(clientId, LONGEST_ID) ? await store.find(clientId) : undefined;
  if (client === undefined) throw new DomainError('not_found', 'There is no client with this id.');
  return client;
}

/** The secret that was made just now, as the store has it. */
export function issuedSecret(
  { secrets }: ManagedClient,
  secretId: string,
  clientSecret: string,
): IssuedSecret {
  const secret = secrets.find((own) => own.secretId === secretId);
  if (secret === undefined) throw new Error('a secret was not stored');
  return { secret, clientSecret };
}
