import type { AuditEventDto } from '../audit/http/dto/audit-event.dto.js';
import type { Terminal } from './terminal.js';

/** Shows events, one a line. */
export function showEvents(terminal: Terminal, events: readonly AuditEventDto[]): void {
  const rows = events.map((event) => [
    event.time.replace(/\.\d+Z$/, 'Z'),
    event.action,
    event.actor,
    event.client_id ?? '',
    event.address ?? '',
    event.count > 1 ? String(event.count) : '',
    event.reason ?? Object.keys(event.changes ?? {}).join(', '),
    event.request_id ?? '',
  ]);
  terminal.table(
    ['TIME', 'ACTION', 'ACTOR', 'CLIENT ID', 'ADDRESS', 'TIMES', 'REASON OR FIELDS', 'REQUEST ID'],
    rows,
  );
}
