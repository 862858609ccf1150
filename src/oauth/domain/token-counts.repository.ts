/** How many tokens a client was issued in an hour. */
export interface TokenCount {
  /** The client's key. */
  readonly client: number;
  /** Hours since the epoch. */
  readonly hour: number;
  readonly issued: number;
}

/** The counts that all nodes share. */
export abstract class TokenCounts {
  /**
   * Adds to the counts.
   *
   * @returns the new totals, in the order of the counts
   */
  abstract add(counts: readonly TokenCount[]): Promise<number[]>;
}
