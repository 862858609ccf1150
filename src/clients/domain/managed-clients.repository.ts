import type { NewAuditEvent } from '../../audit/domain/audit-event.js';
import type { SecretDigest } from '../../secrets/digests.js';
import type { ClientQuery, ClientSlice } from './client-list.js';
import type { ClientSettings, ManagedClient } from './managed-client.js';

/** A secret that is to be stored: its digest, not itself. */
export interface NewSecret {
  readonly secretId: string;
  readonly digest: SecretDigest;
  readonly hint: string;
  readonly expiresAt: Date | null;
}

/** What can be done with clients inside one transaction. */
export interface ManagedClientsStore {
  find(clientId: string): Promise<ManagedClient | undefined>;
  /** Every client that has a scope, be it switched on or off. */
  findWithScope(scope: string): Promise<ManagedClient[]>;
  /** The names of the scopes that exist, in the order in which they are listed. */
  findScopes(): Promise<string[]>;
  /** @returns the key of the client */
  insert(clientId: string, settings: ClientSettings): Promise<number>;
  /** Stores settings, and counts the change. */
  update(clientKey: number, settings: ClientSettings): Promise<void>;
  /** Counts a change of what belongs to a client, such as its secrets. */
  touch(clientKey: number): Promise<void>;
  delete(clientKey: number): Promise<void>;
  insertSecret(clientKey: number, secret: NewSecret): Promise<void>;
  /** Lets secrets end so many seconds from now, where they do not end before; 0: now. */
  expireSecrets(secretKeys: readonly number[], inSeconds: number): Promise<void>;
  deleteSecrets(secretKeys: readonly number[]): Promise<void>;
  /** Kills every token that the client was issued until now. */
  killTokens(clientKey: number): Promise<void>;
  /** Kills the tokens that were got with these secrets of the client. */
  killTokensOf(clientKey: number, secretKeys: readonly number[]): Promise<void>;
  /** Records what was done, in the same transaction. */
  record(event: NewAuditEvent): Promise<void>;
}

/** Where clients are administered. All methods throw what the store throws when it is out of reach. */
export abstract class ManagedClientsRepository {
  abstract find(clientId: string): Promise<ManagedClient | undefined>;

  /**
   * A part of the list.
   *
   * @param most clients at most
   * @param countUpTo how far to count all that match
   */
  abstract list(query: ClientQuery, most: number, countUpTo: number): Promise<ClientSlice>;

  /** Whether at least one client has the access token format `jwt`. */
  abstract someGetJwts(): Promise<boolean>;

  /**
   * Runs a task in one transaction, one at a time over all nodes: so that what it finds is still
   * so when it decides.
   *
   * @throws what the task throws; nothing that it did is kept then
   */
  abstract exclusively<Result>(
    task: (store: ManagedClientsStore) => Promise<Result>,
  ): Promise<Result>;
}
