import { ApiProperty, ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import { IsOptional } from 'class-validator';
import { ClientSettingsDto } from './client-settings.dto.js';
import { Fits } from './fits.decorator.js';

/** The body of a request to create a client. */
@ApiSchema({ name: 'CreateClient' })
export class CreateClientDto extends ClientSettingsDto {
  /** Left out, the server makes one: 12 letters and digits. It can't be changed later. */
  @ApiPropertyOptional({
    type: String,
    nullable: true,
    pattern: '^[A-Za-z0-9][A-Za-z0-9._~-]{0,127}$',
  })
  @IsOptional()
  @Fits('client_id')
  readonly client_id?: string | null;

  /** What people call it. */
  @ApiProperty({ example: 'Billing', minLength: 1, maxLength: 200 })
  @Fits('client_name')
  readonly client_name!: string;

  /** The scopes that it may have, separated by blanks. */
  @ApiProperty({ example: 'read write', minLength: 1, maxLength: 2000 })
  @Fits('scope')
  readonly scope!: string;
}

/** Requests for the real cases, for the OpenAPI document. */
export const CREATE_CLIENT_EXAMPLES: Record<string, { summary: string; value: CreateClientDto }> = {
  partner_that_reads: {
    summary: 'A partner that reads',
    value: {
      client_name: 'Acme reporting',
      description: 'Reads everything, every night',
      scope: 'read',
      contacts: ['team@example.com'],
    },
  },
  partner_that_writes: {
    summary: 'A partner that writes, and rotates its own secret',
    value: {
      client_name: 'Acme billing',
      description: 'Creates what its customers order',
      scope: 'read write',
      contacts: ['team@example.com'],
      self_rotation: true,
    },
  },
  introspection_only: {
    summary: 'An API that only introspects tokens',
    value: {
      client_name: 'Rates API',
      description: 'Asks whether the tokens that it is sent are good',
      scope: 'introspection',
      grant_types: [],
    },
  },
};
