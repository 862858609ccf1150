import { ApiPropertyOptional } from '@nestjs/swagger';
import { Transform, type TransformFnParams } from 'class-transformer';
import { IsIn, IsInt, IsOptional, IsString, Matches, Max, MaxLength, Min } from 'class-validator';
import { IsInstant } from '../../../http/instant.js';
import { wholeNumber } from '../../../http/query-values.js';
import {
  AUDIT_ACTIONS,
  AUDIT_OUTCOMES,
  type AuditAction,
  type AuditOutcome,
} from '../../domain/audit-event.js';

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
  @IsInstant()
  readonly from?: string;

  /** Events before this time (RFC 3339). */
  @ApiPropertyOptional({ format: 'date-time' })
  @IsOptional()
  @IsInstant()
  readonly to?: string;

  /** How many events to answer with, at most. */
  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: 200, default: 50 })
  @Transform(({ value }: TransformFnParams) => wholeNumber(value))
  @Min(1, { message: 'must be 1 or more' })
  @Max(200, { message: 'must be 200 or less' })
  @IsInt({ message: 'must be a whole number' }) // the last is asked first
  readonly limit: number = 50;

  /** The `next_cursor` of an earlier answer; left out, the list begins at the newest event. */
  @ApiPropertyOptional()
  @IsOptional()
  @IsString({ message: 'must be there once' })
  readonly cursor?: string;
}
