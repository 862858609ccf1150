import { ApiProperty } from '@nestjs/swagger';

/** The metadata of the authorization server (RFC 8414 §2). */
export class AuthorizationServerMetadataDto {
  @ApiProperty({ description: 'The issuer: the server’s own URL.', format: 'uri' })
  readonly issuer!: string;

  @ApiProperty({ description: 'Where tokens are issued.', format: 'uri' })
  readonly token_endpoint!: string;

  @ApiProperty({ description: 'The keys that sign JWT access tokens (RFC 9068).', format: 'uri' })
  readonly jwks_uri!: string;

  @ApiProperty({ description: 'How a client can authenticate there.', type: [String] })
  readonly token_endpoint_auth_methods_supported!: readonly string[];

  @ApiProperty({ description: 'Where tokens are revoked (RFC 7009).', format: 'uri' })
  readonly revocation_endpoint!: string;

  @ApiProperty({ description: 'How a client can authenticate there.', type: [String] })
  readonly revocation_endpoint_auth_methods_supported!: readonly string[];

  @ApiProperty({ description: 'Where to ask whether a token is good (RFC 7662).', format: 'uri' })
  readonly introspection_endpoint!: string;

  @ApiProperty({
    description: 'How a caller can show who it is there: as a client, or by a bearer token.',
    type: [String],
  })
  readonly introspection_endpoint_auth_methods_supported!: readonly string[];

  @ApiProperty({ description: 'The grants that exist.', type: [String] })
  readonly grant_types_supported!: readonly string[];

  @ApiProperty({
    description: 'Empty: there is no authorization endpoint.',
    type: [String],
    example: [],
  })
  readonly response_types_supported!: readonly string[];

  @ApiProperty({ description: 'The scopes that exist.', type: [String] })
  readonly scopes_supported!: readonly string[];

  @ApiProperty({ description: 'The documentation for people.', format: 'uri' })
  readonly service_documentation!: string;
}

/** The metadata of this API as a protected resource (RFC 9728 §2). */
export class ProtectedResourceMetadataDto {
  @ApiProperty({ description: 'The identifier of this API: what tokens are for.' })
  readonly resource!: string;

  @ApiProperty({ description: 'Who issues the tokens.', type: [String] })
  readonly authorization_servers!: readonly string[];

  @ApiProperty({ description: 'How a token can be sent: in the header alone.', type: [String] })
  readonly bearer_methods_supported!: readonly string[];

  @ApiProperty({ description: 'The scopes that exist.', type: [String] })
  readonly scopes_supported!: readonly string[];

  @ApiProperty({ description: 'The documentation for people.', format: 'uri' })
  readonly resource_documentation!: string;
}
