import { ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import { ValidateIf } from 'class-validator';
import { LONGEST_SCOPE_DESCRIPTION } from '../../domain/scope.js';
import { IsScopeDescription } from './scope.validators.js';

/** The body of a request to change a scope. */
@ApiSchema({ name: 'UpdateScope' })
export class UpdateScopeDto {
  /** What it lets a client do: one line, not blank. Left out, it stays as it is. */
  @ApiPropertyOptional({
    example: 'Read invoices of every customer',
    minLength: 1,
    maxLength: LONGEST_SCOPE_DESCRIPTION,
  })
  // Not `@IsOptional()`, which would let null through: there is no default to go back to.
  @ValidateIf((_body, value) => value !== undefined)
  @IsScopeDescription()
  readonly description?: string;
}

/** A request as administrators send it, for the OpenAPI document. */
export const UPDATE_SCOPE_EXAMPLES: Record<string, { summary: string; value: UpdateScopeDto }> = {
  describe: {
    summary: 'Say better what it is for',
    value: { description: 'Read invoices of every customer' },
  },
};
