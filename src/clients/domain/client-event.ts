import {
  changesBetween,
  type Actor,
  type AuditAction,
  type NewAuditEvent,
} from '../../audit/domain/audit-event.js';
import { audited } from './client-change.js';
import type { ManagedClient } from './managed-client.js';

/**
 * The event of something that was done to a client.
 *
 * @param before undefined where it was made by this
 * @param after undefined where it was deleted by this
 */
export function clientEvent(
  action: AuditAction,
  actor: Actor,
  before: ManagedClient | undefined,
  after: ManagedClient | undefined,
): NewAuditEvent {
  const changes = changesBetween(before ? audited(before) : {}, after ? audited(after) : {});
  const clientId = (after ?? before)?.clientId ?? null;
  return { action, actor, clientId, outcome: 'success', reason: null, changes };
}

/**
 * The event of tokens that were killed.
 *
 * @param reason which ones; null: all
 */
export function tokensRevoked(
  actor: Actor,
  { clientId }: ManagedClient,
  reason: string | null,
): NewAuditEvent {
  return { action: 'tokens.revoked', actor, clientId, outcome: 'success', reason, changes: null };
}
