/** What was done, or tried. */
export type AuditAction =
  | 'client.created'
  | 'client.updated'
  | 'client.deleted'
  | 'secret.created'
  | 'secret.deleted'
  | 'tokens.revoked'
  | 'scope.created'
  | 'scope.updated'
  | 'scope.deleted'
  | 'signing_key.rotated'
  | 'authentication.failed';

/** All actions, for the filter of the list. */
export const AUDIT_ACTIONS: readonly AuditAction[] = [
  'client.created',
  'client.updated',
  'client.deleted',
  'secret.created',
  'secret.deleted',
  'tokens.revoked',
  'scope.created',
  'scope.updated',
  'scope.deleted',
  'signing_key.rotated',
  'authentication.failed',
];

/** How it ended. */
export type AuditOutcome = 'success' | 'failure';

export const AUDIT_OUTCOMES: readonly AuditOutcome[] = ['success', 'failure'];

/** Who did it, from where, by which request. */
export interface Actor {
  /** The id of the client that called, or `os:` and the user of the operating system. */
  readonly name: string;
  /** Null on the command line. */
  readonly address: string | null;
  /** Null on the command line. */
  readonly requestId: string | null;
}

/** A field before and after; on the wire's own names, and never a secret. */
export interface Change {
  readonly from: unknown;
  readonly to: unknown;
}

/** An event that is to be recorded. */
export interface NewAuditEvent {
  readonly action: AuditAction;
  readonly actor: Actor;
  /** The client that it was done to; null where it was done to something else. */
  readonly clientId: string | null;
  readonly outcome: AuditOutcome;
  /** Why it failed, or what else there is to say. */
  readonly reason: string | null;
  readonly changes: Readonly<Record<string, Change>> | null;
}

/** A recorded event. */
export interface AuditEvent extends NewAuditEvent {
  readonly eventId: string;
  readonly time: Date;
  /** How often it happened, where many were folded into one. */
  readonly count: number;
  /** The last of the requests, where many were folded into one. */
  readonly requestIds: readonly string[];
}

/**
 * The fields in which two states differ, for an event of a change. Values are compared as JSON.
 */
export function changesBetween(
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
): Record<string, Change> {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  const changes: Record<string, Change> = {};
  for (const name of names) {
    const from = before[name] ?? null;
    const to = after[name] ?? null;
    if (JSON.stringify(from) !== JSON.stringify(to)) changes[name] = { from, to };
  }
  return changes;
}
