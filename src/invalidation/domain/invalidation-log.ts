/** What has become untrue of what may have been read before. */
export interface Invalidations {
  /** Keys of clients: they, and every token of theirs. */
  readonly clients: ReadonlySet<number>;
  /** Digests of single tokens, in hexadecimal. */
  readonly tokens: ReadonlySet<string>;
}

/** Up to where the log has been read. Only a log can say more of it. */
export interface LogPosition {
  /** The transactions that were visible then, as PostgreSQL writes a snapshot. */
  readonly snapshot: string;
  /** The server that said so: the transactions of another one count differently. */
  readonly server: string;
}

/** What a read of the log brings. */
export interface LogPart extends Invalidations {
  readonly position: LogPosition;
}

/** The log that every change which kills something appends to, in its own transaction. */
export abstract class InvalidationLog {
  /**
   * Reads what was committed since a position, in whatever order it was.
   *
   * @param since undefined: nothing, but the present position
   * @throws what the store throws when it is out of reach
   */
  abstract read(since: LogPosition | undefined): Promise<LogPart>;

  /**
   * Removes some of what was in the log at a position.
   *
   * @returns whether there is more
   */
  abstract forget(before: LogPosition): Promise<boolean>;
}
