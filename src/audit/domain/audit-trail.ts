import type { AuditAction, AuditEvent, AuditOutcome } from './audit-event.js';

/** What of the trail is asked for; what is left out does not matter. */
export interface AuditFilter {
  readonly clientId?: string | undefined;
  readonly actor?: string | undefined;
  readonly action?: AuditAction | undefined;
  readonly outcome?: AuditOutcome | undefined;
  /** Also finds the event that this request was folded into. */
  readonly requestId?: string | undefined;
  /** At or after. */
  readonly from?: Date | undefined;
  /** Before. */
  readonly to?: Date | undefined;
}

/** A place in the trail: that of an event, to the microsecond. */
export interface AuditPosition {
  /** RFC 3339, in UTC, with six decimals. */
  readonly time: string;
  readonly eventId: string;
}

/** An event with its place. */
export interface PlacedAuditEvent extends AuditEvent {
  readonly position: AuditPosition;
}

/** A failed attempt to authenticate, or many of one kind in one. */
export interface AuthenticationFailure {
  readonly time: Date;
  /** As the caller named it; there may be no such client. Null where it is of many. */
  readonly clientId: string | null;
  /** Null where it is of many. */
  readonly address: string | null;
  readonly reason: string;
  readonly count: number;
  /** The last of the requests. */
  readonly requestIds: readonly string[];
}

/** The audit trail, to be read and to be written to in batches. */
export abstract class AuditTrail {
  /** Gives the newest events first, those after a place where one is given. */
  abstract find(
    filter: AuditFilter,
    limit: number,
    after?: AuditPosition,
  ): Promise<PlacedAuditEvent[]>;

  /** Records failures; not durably, since nobody waits for it. */
  abstract recordFailures(failures: readonly AuthenticationFailure[]): Promise<void>;
}
