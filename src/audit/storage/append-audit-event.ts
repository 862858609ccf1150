import { randomUUID } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import type { NewAuditEvent } from '../domain/audit-event.js';

const INSERT = `
  INSERT INTO audit_event
    (event_id, action, actor, address, request_id, client_id, outcome, reason, changes)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`;

/**
 * Records an event in the transaction of what it tells: both are kept, or neither is.
 *
 * @param manager of that transaction
 */
export async function appendAuditEvent(
  manager: EntityManager,
  { action, actor, clientId, outcome, reason, changes }: NewAuditEvent,
): Promise<void> {
  await manager.query(INSERT, [
    randomUUID(),
    action,
    actor.name,
    actor.address,
    actor.requestId,
    clientId,
    outcome,
    reason,
    changes === null ? null : JSON.stringify(changes),
  ]);
}
