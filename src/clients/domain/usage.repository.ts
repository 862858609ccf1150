/** That a client got in with one of its secrets. */
export interface Use {
  readonly clientKey: number;
  readonly secretKey: number;
  readonly address: string;
  /** How long ago, in seconds: the clock of the database turns it into a time. */
  readonly ageSeconds: number;
}

/** Where last uses are kept. */
export abstract class UsageRepository {
  /**
   * Stores uses, where no later one is known; those of clients and secrets that are gone are
   * dropped.
   *
   * @param uses one for each secret at most
   * @throws what the store throws when it is out of reach
   */
  abstract store(uses: readonly Use[]): Promise<void>;
}
