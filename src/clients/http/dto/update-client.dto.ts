import { ApiHideProperty, ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import { ValidateIf } from 'class-validator';
import { ClientSettingsDto } from './client-settings.dto.js';
import { Fits, IsReadOnly } from './fits.decorator.js';

/** The two that have no default may be left out, but not be null. */
const given = (_object: unknown, value: unknown): boolean => value !== undefined;

/**
 * The body of a request to change a client (RFC 7396): what is left out stays, null puts a setting
 * back to its default.
 */
@ApiSchema({ name: 'UpdateClient' })
export class UpdateClientDto extends ClientSettingsDto {
  /** What people call it. */
  @ApiPropertyOptional({ minLength: 1, maxLength: 200 })
  @ValidateIf(given)
  @Fits('client_name')
  readonly client_name?: string;

  /**
   * The scopes that it may have, separated by blanks. One that it loses is lost to the tokens that
   * it has, and to `default_scope` where that is not set too.
   */
  @ApiPropertyOptional({ minLength: 1, maxLength: 2000 })
  @ValidateIf(given)
  @Fits('scope')
  readonly scope?: string;

  // Known, so that the refusal can say more than that they are not.
  @ApiHideProperty() @IsReadOnly() readonly client_id?: undefined;
  @ApiHideProperty() @IsReadOnly() readonly secrets?: undefined;
  @ApiHideProperty() @IsReadOnly() readonly next_secret_expiry?: undefined;
  @ApiHideProperty() @IsReadOnly() readonly created_at?: undefined;
  @ApiHideProperty() @IsReadOnly() readonly updated_at?: undefined;
  @ApiHideProperty() @IsReadOnly() readonly last_used_at?: undefined;
  @ApiHideProperty() @IsReadOnly() readonly tokens_this_hour?: undefined;
  @ApiHideProperty() @IsReadOnly() readonly version?: undefined;
}

/** Changes of the real cases, for the OpenAPI document. */
export const UPDATE_CLIENT_EXAMPLES: Record<string, { summary: string; value: UpdateClientDto }> = {
  describe: {
    summary: 'Describe it, and say whom to ask',
    value: { description: 'Reads everything, every night', contacts: ['team@example.com'] },
  },
  narrow: { summary: 'Narrow its scopes to reading', value: { scope: 'read' } },
  limit: { summary: 'Limit it to a network', value: { allowed_ips: ['10.0.0.0/8'] } },
  disable: { summary: 'Switch it off, its tokens for good', value: { enabled: false } },
};
