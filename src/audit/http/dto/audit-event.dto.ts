import { ApiProperty } from '@nestjs/swagger';
import { AUDIT_ACTIONS, AUDIT_OUTCOMES, type Change } from '../../domain/audit-event.js';

/** An event of the audit trail. */
export class AuditEventDto {
  /** Its id. */
  @ApiProperty({ format: 'uuid' })
  readonly event_id!: string;

  /** When it happened, in UTC. */
  @ApiProperty({ format: 'date-time' })
  readonly time!: string;

  /** What was done, or tried. */
  @ApiProperty({ enum: AUDIT_ACTIONS })
  readonly action!: string;

  /** Who did it: a client's id, or `os:` and a user of the operating system. */
  @ApiProperty({ example: 'k3ZqT9xWmB2c' })
  readonly actor!: string;

  /** The client that it was done to, or as which a caller tried to authenticate. */
  @ApiProperty({ type: String, nullable: true })
  readonly client_id!: string | null;

  /** The address that it came from; null on the command line. */
  @ApiProperty({ type: String, nullable: true, example: '192.0.2.7' })
  readonly address!: string | null;

  /** The request that brought it about; null on the command line. */
  @ApiProperty({ type: String, nullable: true })
  readonly request_id!: string | null;

  /** How it ended. */
  @ApiProperty({ enum: AUDIT_OUTCOMES })
  readonly outcome!: string;

  /** Why it failed, which the wire does not tell. */
  @ApiProperty({ type: String, nullable: true })
  readonly reason!: string | null;

  /** The changed fields before and after, never a secret. */
  @ApiProperty({
    type: 'object',
    nullable: true,
    additionalProperties: {
      type: 'object',
      required: ['from', 'to'],
      properties: {
        from: { description: 'The value before.' },
        to: { description: 'The value after.' },
      },
    },
    example: { enabled: { from: true, to: false } },
  })
  readonly changes!: Readonly<Record<string, Change>> | null;

  /** How often it happened: more than once where many were folded into one event. */
  @ApiProperty({ type: 'integer' })
  readonly count!: number;

  /** The last of the requests, where many were folded into one event. */
  @ApiProperty({ type: [String] })
  readonly request_ids!: readonly string[];
}

/** A page of the audit trail. */
export class AuditEventListDto {
  /** The events, newest first. */
  @ApiProperty({ type: [AuditEventDto] })
  readonly items!: readonly AuditEventDto[];

  /** To be sent as `cursor` for the next page; null on the last one. */
  @ApiProperty({ type: String, nullable: true })
  readonly next_cursor!: string | null;
}
