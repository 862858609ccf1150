import { ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsInt, IsOptional, IsString, Max, Min } from 'class-validator';

/** The query of a request to list payments. No examples here: Swagger UI would send them along. */
export class ListPaymentsDto {
  /** How many payments to answer with, at most. */
  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: 200, default: 50 })
  @Transform(({ value }: { value: unknown }) => wholeNumber(value))
  @Min(1, { message: 'must be 1 or more' })
  @Max(200, { message: 'must be 200 or less' })
  @IsInt({ message: 'must be a whole number' }) // the last is asked first
  readonly limit: number = 50;

  /** The `next_cursor` of an earlier answer; left out, the list begins at the newest payment. */
  @ApiPropertyOptional()
  @IsOptional()
  @IsString({ message: 'must be there once' })
  readonly cursor?: string;
}

/** `Number` alone would also take an empty text, blanks, `0x10` and `1e1`. */
function wholeNumber(value: unknown): unknown {
  return typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : value;
}
