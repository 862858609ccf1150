import { ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import {
  IsBoolean,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  Max,
  Min,
  ValidateBy,
} from 'class-validator';
import { CLIENT_SORTS, type ClientSort } from '../../domain/client-list.js';
import { isLine } from '../../domain/text.js';
import { IsInstant } from '../../../http/instant.js';
import { trueOrFalse, unlessEmpty, wholeNumber } from '../../../http/query-values.js';

const LONGEST_TEXT = 200;

/** Checks for one line of text to search for. */
function IsSearchText(): PropertyDecorator {
  return ValidateBy({
    name: 'isSearchText',
    validator: {
      validate: (value) => isLine(value, LONGEST_TEXT),
      defaultMessage: () =>
        `must be one text of at most ${LONGEST_TEXT} characters, without control characters`,
    },
  });
}

/**
 * The query of a request to list clients. No examples here: Swagger UI would send them along. A
 * parameter without a value counts as left out, as a form that is not filled in sends it.
 */
export class ListClientsDto {
  /** A part of the name, in whatever case, or the start of the id. */
  @ApiPropertyOptional({ maxLength: LONGEST_TEXT })
  @Transform(({ value }: { value: unknown }) => unlessEmpty(value))
  @IsOptional()
  @IsSearchText()
  readonly q?: string;

  /** Only clients that may have this scope. */
  @ApiPropertyOptional()
  @Transform(({ value }: { value: unknown }) => unlessEmpty(value))
  @IsOptional()
  @IsSearchText()
  readonly scope?: string;

  /** Only clients that are switched on, or off. */
  @ApiPropertyOptional({ type: Boolean })
  @Transform(({ value }: { value: unknown }) => trueOrFalse(value))
  @IsOptional()
  @IsBoolean({ message: 'must be true or false' })
  readonly enabled?: boolean;

  /** Only clients that were there before this time and have not been used since. */
  @ApiPropertyOptional({ format: 'date-time' })
  @Transform(({ value }: { value: unknown }) => unlessEmpty(value))
  @IsOptional()
  @IsInstant()
  readonly unused_since?: string;

  /** Only clients with a working secret that will stop before this time. */
  @ApiPropertyOptional({ format: 'date-time' })
  @Transform(({ value }: { value: unknown }) => unlessEmpty(value))
  @IsOptional()
  @IsInstant()
  readonly secret_expires_before?: string;

  /**
   * What to order by; `-` in front turns the order round. Clients never used come before those
   * used long ago.
   */
  @ApiPropertyOptional({ enum: CLIENT_SORTS, default: '-created_at' })
  @Transform(({ value }: { value: unknown }) => unlessEmpty(value) ?? '-created_at')
  @IsIn(CLIENT_SORTS, { message: `must be one of ${CLIENT_SORTS.join(', ')}` })
  readonly sort: ClientSort = '-created_at';

  /** How many clients to answer with, at most. */
  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: 200, default: 50 })
  @Transform(({ value }: { value: unknown }) => wholeNumber(value) ?? 50)
  @Min(1, { message: 'must be 1 or more' })
  @Max(200, { message: 'must be 200 or less' })
  @IsInt({ message: 'must be a whole number' }) // the last is asked first
  readonly limit: number = 50;

  /** The `next_cursor` of an earlier answer with the same `sort`; left out: from the start. */
  @ApiPropertyOptional()
  @Transform(({ value }: { value: unknown }) => unlessEmpty(value))
  @IsOptional()
  @IsString({ message: 'must be there once' })
  readonly cursor?: string;
}
