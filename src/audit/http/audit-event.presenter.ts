import { parseInstant } from '../../http/instant.js';
import type { AuditFilter, PlacedAuditEvent } from '../domain/audit-trail.js';
import type { AuditEventDto } from './dto/audit-event.dto.js';
import type { ListAuditEventsDto } from './dto/list-audit-events.dto.js';

/** Shows an event by the names of the wire. */
export function toAuditEventDto({ actor, ...event }: PlacedAuditEvent): AuditEventDto {
  return {
    event_id: event.eventId,
    time: event.position.time,
    action: event.action,
    actor: actor.name,
    client_id: event.clientId,
    address: actor.address,
    request_id: actor.requestId,
    outcome: event.outcome,
    reason: event.reason,
    changes: event.changes,
    count: event.count,
    request_ids: event.requestIds,
  };
}

/** The filter that a query asks for. */
export function toFilter(query: ListAuditEventsDto): AuditFilter {
  return {
    clientId: query.client_id,
    actor: query.actor,
    action: query.action,
    outcome: query.outcome,
    requestId: query.request_id,
    from: query.from === undefined ? undefined : parseInstant(query.from),
    to: query.to === undefined ? undefined : parseInstant(query.to),
  };
}
