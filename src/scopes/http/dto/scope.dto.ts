import { ApiProperty, ApiSchema } from '@nestjs/swagger';

/** A scope. */
@ApiSchema({ name: 'Scope' })
export class ScopeDto {
  /** The name, as token requests have it (RFC 6749 §3.3). */
  @ApiProperty({ example: 'invoices:read' })
  readonly scope!: string;

  /** What it lets a client do. */
  @ApiProperty({ example: 'Read invoices' })
  readonly description!: string;

  /** Whether it is part of the server itself. */
  @ApiProperty({ example: false })
  readonly built_in!: boolean;

  /** The module whose code brings it; null for one that an administrator made. */
  @ApiProperty({ type: String, nullable: true, example: 'InvoicesModule' })
  readonly declared_by!: string | null;
}

/** All scopes. */
@ApiSchema({ name: 'ScopeList' })
export class ScopeListDto {
  /** In the order in which answers list them. */
  @ApiProperty({ type: () => [ScopeDto] })
  readonly items!: ScopeDto[];
}
