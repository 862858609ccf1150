import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { LONGEST_SCOPE_DESCRIPTION, LONGEST_SCOPE_NAME } from '../../domain/scope.js';
import { IsScopeDescription, IsScopeName } from './scope.validators.js';

/** The body of a request to create a scope. */
@ApiSchema({ name: 'CreateScope' })
export class CreateScopeDto {
  /**
   * The name, as token requests have it (RFC 6749 §3.3): printable ASCII without blank, quotation
   * mark and backslash, and not `.` or `..`. It can't be changed later.
   */
  @ApiProperty({
    example: 'invoices:read',
    pattern: '^[!#-\\[\\]-~]+$',
    maxLength: LONGEST_SCOPE_NAME,
  })
  @IsScopeName()
  readonly scope!: string;

  /** What it lets a client do, for those who hand it out: one line, not blank. */
  @ApiProperty({ example: 'Read invoices', minLength: 1, maxLength: LONGEST_SCOPE_DESCRIPTION })
  @IsScopeDescription()
  readonly description!: string;
}

/** Requests as administrators send them, for the OpenAPI document. */
export const CREATE_SCOPE_EXAMPLES: Record<string, { summary: string; value: CreateScopeDto }> = {
  read: {
    summary: 'To read one kind of thing',
    value: { scope: 'invoices:read', description: 'Read invoices' },
  },
  write: {
    summary: 'To change it',
    value: { scope: 'invoices:write', description: 'Create and cancel invoices' },
  },
  uri: {
    summary: 'A URI, as some providers name their scopes',
    value: { scope: 'https://api.example.com/reports', description: 'Fetch monthly reports' },
  },
};
