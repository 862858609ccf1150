import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Statements } from '../../database/statements.js';
import type { AuditAction, AuditOutcome, Change } from '../domain/audit-event.js';
import {
  AuditTrail,
  type AuditFilter,
  type AuditPosition,
  type AuthenticationFailure,
  type PlacedAuditEvent,
} from '../domain/audit-trail.js';

/** The time as text, since a Date of JavaScript would lose its microseconds. */
const COLUMNS = `
  event_id AS "eventId", "time",
  to_char("time" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS "timeText",
  action, actor, client_id AS "clientId", address, request_id AS "requestId", outcome, reason,
  changes, count, request_ids AS "requestIds"`;

const INSERT_FAILURES = `
  INSERT INTO audit_event (event_id, "time", action, actor, client_id, address, request_id,
    outcome, reason, count, request_ids)
  SELECT event_id, "time", 'authentication.failed', coalesce(client_id, 'many'), client_id, address,
    request_ids[cardinality(request_ids)], 'failure', reason, count,
    CASE WHEN count > 1 THEN request_ids ELSE '{}' END
  FROM jsonb_to_recordset($1::jsonb) AS failure (event_id uuid, "time" timestamptz, client_id text,
    address text, reason text, count integer, request_ids text[])`;

interface Row {
  eventId: string;
  time: Date;
  timeText: string;
  action: AuditAction;
  actor: string;
  clientId: string | null;
  address: string | null;
  requestId: string | null;
  outcome: AuditOutcome;
  reason: string | null;
  changes: Record<string, Change> | null;
  count: number;
  requestIds: string[];
}

/** The audit trail in PostgreSQL. */
@Injectable()
export class PostgresAuditTrail extends AuditTrail {
  constructor(private readonly statements: Statements) {
    super();
  }

  override async find(
    filter: AuditFilter,
    limit: number,
    after?: AuditPosition,
  ): Promise<PlacedAuditEvent[]> {
    const { where, values } = conditions(filter, after);
    const text = `SELECT ${COLUMNS} FROM audit_event WHERE ${where}
      ORDER BY "time" DESC, event_id DESC LIMIT ${Math.trunc(limit)}`;
    const rows = await this.statements.run<Row>({ text }, values);
    return rows.map(toEvent);
  }

  override async recordFailures(failures: readonly AuthenticationFailure[]): Promise<void> {
    const rows = failures.map(({ time, clientId, address, reason, count, requestIds }) => ({
      event_id: randomUUID(),
      time,
      client_id: clientId,
      address,
      reason,
      count,
      request_ids: requestIds,
    }));
    await this.statements.run({ text: INSERT_FAILURES }, [JSON.stringify(rows)]);
  }
}

/** The filter as SQL; every value is bound, none becomes part of the text. */
function conditions(
  filter: AuditFilter,
  after: AuditPosition | undefined,
): { where: string; values: unknown[] } {
  const { clientId, actor, action, outcome, requestId, from, to } = filter;
  const parts: [string, ...unknown[]][] = [];
  if (clientId !== undefined) parts.push(['client_id = ?', clientId]);
  if (actor !== undefined) parts.push(['actor = ?', actor]);
  if (action !== undefined) parts.push(['action = ?', action]);
  if (outcome !== undefined) parts.push(['outcome = ?', outcome]);
  if (requestId !== undefined) {
    parts.push(['(request_id = ? OR request_ids @> ARRAY[?::text])', requestId, requestId]);
  }
  if (from !== undefined) parts.push(['"time" >= ?', from]);
  if (to !== undefined) parts.push(['"time" < ?', to]);
  if (after !== undefined) {
    parts.push(['("time", event_id) < (?::timestamptz, ?::uuid)', after.time, after.eventId]);
  }
  const values = parts.flatMap(([, ...bound]) => bound);
  let place = 0;
  const where = parts
    .map(([text]) => text)
    .join(' AND ')
    .replaceAll('?', () => `$${(place += 1)}`);
  return { where: where === '' ? 'true' : where, values };
}

function toEvent({ actor, address, requestId, timeText, ...row }: Row): PlacedAuditEvent {
  return {
    ...row,
    actor: { name: actor, address, requestId },
    position: { time: timeText, eventId: row.eventId },
  };
}
