import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional } from 'class-validator';
import {
  ACCESS_TOKEN_FORMATS,
  type AccessTokenFormat,
  type GrantType,
  type TokenEndpointAuthMethod,
} from '../../domain/client.js';
import { Fits } from './fits.decorator.js';

/** The settings of a client that have a default; null is the default too. */
export abstract class ClientSettingsDto {
  /** What the client is for, in one line. */
  @ApiPropertyOptional({ type: String, nullable: true, maxLength: 1000, default: '' })
  @IsOptional()
  @Fits('description')
  readonly description?: string | null;

  /**
   * The scopes of a token that asks for none, separated by blanks; a part of `scope`. By default
   * `scope` without `admin` and `introspection`.
   */
  @ApiPropertyOptional({ type: String, nullable: true, maxLength: 2000 })
  @IsOptional()
  @Fits('default_scope')
  readonly default_scope?: string | null;

  /** Empty for a client that only introspects and revokes. */
  @ApiPropertyOptional({
    type: [String],
    enum: ['client_credentials'],
    nullable: true,
    default: ['client_credentials'],
  })
  @IsOptional()
  @Fits('grant_types')
  readonly grant_types?: GrantType[] | null;

  /** The only way in which the secret is taken; null: in the header or in the body. */
  @ApiPropertyOptional({
    type: String,
    enum: ['client_secret_basic', 'client_secret_post', null],
    nullable: true,
    default: null,
  })
  @IsOptional()
  @Fits('token_endpoint_auth_method')
  readonly token_endpoint_auth_method?: TokenEndpointAuthMethod | null;

  /** The APIs that it may get tokens for, as absolute URIs (RFC 8707); empty: the default one. */
  @ApiPropertyOptional({ type: [String], nullable: true, maxItems: 20, default: [] })
  @IsOptional()
  @Fits('resources')
  readonly resources?: string[] | null;

  /**
   * The form of its access tokens. `jwt` (RFC 9068) is for APIs that check tokens by themselves, with
   * the keys of `/o/.well-known/jwks.json`; those learn of a revocation when the token expires.
   */
  @ApiPropertyOptional({
    type: String,
    enum: ACCESS_TOKEN_FORMATS,
    nullable: true,
    default: 'opaque',
  })
  @IsOptional()
  @Fits('access_token_format')
  readonly access_token_format?: AccessTokenFormat | null;

  /**
   * Seconds that its access tokens live: at most 3600 for `jwt`. Null: as the settings of the server
   * say, within that.
   */
  @ApiPropertyOptional({ type: 'integer', nullable: true, minimum: 60, maximum: 86_400 })
  @IsOptional()
  @Fits('access_token_ttl')
  readonly access_token_ttl?: number | null;

  /** Addresses and CIDR ranges from which it may get tokens; empty: from everywhere. */
  @ApiPropertyOptional({ type: [String], nullable: true, maxItems: 100, default: [] })
  @IsOptional()
  @Fits('allowed_ips')
  readonly allowed_ips?: string[] | null;

  /** Whether it may get tokens. To switch it off kills those that it has, for good. */
  @ApiPropertyOptional({ type: Boolean, nullable: true, default: true })
  @IsOptional()
  @Fits('enabled')
  readonly enabled?: boolean | null;

  /** E-mail addresses of those to ask about it. */
  @ApiPropertyOptional({ type: [String], nullable: true, maxItems: 20, default: [] })
  @IsOptional()
  @Fits('contacts')
  readonly contacts?: string[] | null;

  /** Whether it may give itself a new secret, at `POST /o/client/secrets`. */
  @ApiPropertyOptional({ type: Boolean, nullable: true, default: false })
  @IsOptional()
  @Fits('self_rotation')
  readonly self_rotation?: boolean | null;

  /** How many tokens it may get in an hour; null: as many as it likes. */
  @ApiPropertyOptional({ type: 'integer', nullable: true, minimum: 1, default: null })
  @IsOptional()
  @Fits('token_quota')
  readonly token_quota?: number | null;
}
