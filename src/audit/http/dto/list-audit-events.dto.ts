import { ApiPropertyOptional } from '@nestjs/swagger';
import { Transform, type TransformFnParams } from 'class-transformer';
import {
  IsDate,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  Matches,
  Max,
  MaxLength,
  Min,
} from 'class-validator';
import {
  AUDIT_ACTIONS,
  AUDIT_OUTCOMES,
  type AuditAction,
  type AuditOutcome,
} from '../../domain/audit-event.js';

const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/;
const NO_CONTROL = /^\P{Cc}*$/u;
const text = { message: 'must be there once, with at most 128 printable characters' };

/** The query of a request to list audit events. No examples here: Swagger UI would send them along. */
export class ListAuditEventsDto {
  /** Events of this client: what was done to it, and its failed attempts. */
  @ApiPropertyOptional()
  @IsOptional()
  @IsString(text)
  @MaxLength(128, text)
  @Matches(NO_CONTROL, text)
  readonly client_id?: string;

  /** Events that this client, or user of the command line (`os:…`), brought about. */
  @ApiPropertyOptional()
  @IsOptional()
  @IsString(text)
  @MaxLength(128, text)
  @Matches(NO_CONTROL, text)
  readonly actor?: string;

  /** Events of this kind. */
  @ApiPropertyOptional({ enum: AUDIT_ACTIONS })
  @IsOptional()
  @IsIn(AUDIT_ACTIONS, { message: `must be one of ${AUDIT_ACTIONS.join(', ')}` })
  readonly action?: AuditAction;

  /** Events that ended so. */
  @ApiPropertyOptional({ enum: AUDIT_OUTCOMES })
  @IsOptional()
  @IsIn(AUDIT_OUTCOMES, { message: `must be one of ${AUDIT_OUTCOMES.join(', ')}` })
  readonly outcome?: AuditOutcome;

  /** Events of this request: the `X-Request-Id` of its answer. It tells why a client was refused. */
  @ApiPropertyOptional()
  @IsOptional()
  @IsString(text)
  @MaxLength(128, text)
  @Matches(NO_CONTROL, text)
  readonly request_id?: string;

  /** Events at or after this time (RFC 3339). */
  @ApiPropertyOptional({ format: 'date-time' })
  @IsOptional()
  @Transform(toDate)
  @IsDate({ message: 'must be a time such as 2026-01-31T12:00:00Z' })
  readonly from?: Date;

  /** Events before this time (RFC 3339). */
  @ApiPropertyOptional({ format: 'date-time' })
  @IsOptional()
  @Transform(toDate)
  @IsDate({ message: 'must be a time such as 2026-01-31T12:00:00Z' })
  readonly to?: Date;

  /** How many events to answer with, at most. */
  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: 200, default: 50 })
  @Transform(({ value }: TransformFnParams) => wholeNumber(value))
  @IsInt({ message: 'must be a whole number' })
  @Min(1, { message: 'must be 1 or more' })
  @Max(200, { message: 'must be 200 or less' })
  readonly limit: number = 50;

  /** The `next_cursor` of an earlier answer; left out, the list begins at the newest event. */
  @ApiPropertyOptional()
  @IsOptional()
  @IsString({ message: 'must be there once' })
  readonly cursor?: string;
}

/** A local time, or one that JavaScript guesses at, would mean another moment on another machine. */
function toDate({ value }: TransformFnParams): unknown {
  if (typeof value !== 'string' || !RFC3339.test(value)) return value;
  const date = new Date(value);
  const year = date.getUTCFullYear();
  return year >= 1970 && year <= 9999 ? date : value;
}

/** `Number` alone would also take an empty text, blanks, `0x10` and `1e1`. */
function wholeNumber(value: unknown): unknown {
  return typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : value;
}
