import type { NewAuditEvent } from '../../audit/domain/audit-event.js';
import type { NewSigningKey, SigningKey } from './signing-key.js';

/** What can be done with the keys inside one transaction. */
export interface SigningKeysStore {
  /** As {@link SigningKeysRepository.list}. */
  list(): Promise<SigningKey[]>;
  /** Adds a key that does not sign yet. */
  insert(key: NewSigningKey): Promise<void>;
  /** Lets the next key sign. */
  activate(kid: string): Promise<void>;
  /** Ends a key's signing for good: its private half is deleted. */
  retire(kid: string): Promise<void>;
  delete(kid: string): Promise<void>;
  /** Deletes the keys that are published no more. */
  deleteEnded(): Promise<void>;
  /** Records what was done, in the same transaction. */
  record(event: NewAuditEvent): Promise<void>;
}

/** Where the signing keys are kept. All methods throw what the store throws when it is out of reach. */
export abstract class SigningKeysRepository {
  /** The published keys, oldest first. */
  abstract list(): Promise<SigningKey[]>;

  /**
   * Runs a task in one transaction, one at a time over all nodes.
   *
   * @throws what the task throws; nothing that it did is kept then
   */
  abstract exclusively<Result>(task: (store: SigningKeysStore) => Promise<Result>): Promise<Result>;
}
