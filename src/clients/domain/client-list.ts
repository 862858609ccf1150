import type { ManagedClient } from './managed-client.js';

/** The orders in which clients can be listed; `-` in front: descending. */
export const CLIENT_SORTS = [
  'client_name',
  '-client_name',
  'created_at',
  '-created_at',
  'last_used_at',
  '-last_used_at',
] as const;

export type ClientSort = (typeof CLIENT_SORTS)[number];

/**
 * A place in a list: right behind the client that has these values, whether it is still there or
 * not.
 */
export type ClientPlace =
  | { readonly by: 'client_name'; readonly name: string; readonly key: number }
  | {
      readonly by: 'created_at' | 'last_used_at';
      /** Microseconds since the epoch, as fine as PostgreSQL has it; null: never. */
      readonly at: number | null;
      readonly key: number;
    };

/** Which clients are asked for; what is left out does not matter. */
export interface ClientFilter {
  /** A part of the name, or the start of the id, whatever the case. */
  readonly text?: string;
  readonly scope?: string;
  readonly enabled?: boolean;
  /** Those that were there before, and have not been used since. */
  readonly unusedSince?: Date;
  /** Those with a working secret that will end before. */
  readonly secretExpiresBefore?: Date;
}

/** A question for a part of the list. */
export interface ClientQuery extends ClientFilter {
  readonly sort: ClientSort;
  /** Left out: from the start. */
  readonly after?: ClientPlace;
}

/** A client in a list, with its place there. */
export interface ListedClient {
  readonly client: ManagedClient;
  readonly place: ClientPlace;
}

/** What the store finds. */
export interface ClientSlice {
  readonly listed: readonly ListedClient[];
  /** How many match, as far as it was counted. */
  readonly counted: number;
}

/** A part of the list of clients. */
export interface ClientPage {
  readonly clients: readonly ManagedClient[];
  /** Where the next part begins; undefined at the end. */
  readonly next: ClientPlace | undefined;
  /** How many match in all; undefined where they are more than is counted. */
  readonly total: number | undefined;
}
