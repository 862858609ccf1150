import type { Client, NewClient } from './client.js';

/** What can be done with the stored clients. */
export interface ClientsStore {
  /** Finds a client, with its secrets; ids are case-sensitive. */
  findByClientId(clientId: string): Promise<Client | undefined>;
  /** The id and age of the oldest client with the scope `admin`, be it switched on or off. */
  findAdmin(): Promise<Pick<Client, 'clientId' | 'createdAt'> | undefined>;
  /** Makes a client, and records by whom. */
  create(client: NewClient, maker: string): Promise<void>;
}

/** Where clients are kept. */
export abstract class ClientsRepository implements Pick<ClientsStore, 'findByClientId'> {
  /** @throws what the store throws when it is out of reach */
  abstract findByClientId(clientId: string): Promise<Client | undefined>;

  /**
   * Runs a task in one transaction, one at a time over all nodes: for what must not be decided
   * twice at once.
   *
   * @throws what the task throws; nothing that it did is kept then
   */
  abstract exclusively<Result>(task: (store: ClientsStore) => Promise<Result>): Promise<Result>;
}
