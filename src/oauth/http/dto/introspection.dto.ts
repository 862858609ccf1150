import { ApiProperty } from '@nestjs/swagger';
import { CredentialsDto, NOT_SENT } from './token.dto.js';

/** The form of an introspection (RFC 7662 §2.1). It is read by the guards; this documents it. */
export class IntrospectionRequestDto extends CredentialsDto {
  @ApiProperty({ description: 'The access token that is asked about.' })
  readonly token!: string;

  @ApiProperty({
    description: 'What kind of token it is; whatever stands here is ignored.',
    required: false,
    example: NOT_SENT,
  })
  readonly token_type_hint?: string;
}

/** What is told of a token (RFC 7662 §2.2): of one that is not active, that alone. */
export class IntrospectionResponseDto {
  @ApiProperty({ description: 'Whether the token is good now, and the caller may know of it.' })
  readonly active!: boolean;

  @ApiProperty({
    description: 'What it may do: a scope that its client has lost since is not among them.',
    required: false,
    example: 'read write',
  })
  readonly scope?: string;

  @ApiProperty({ description: 'The client that it was issued to.', required: false })
  readonly client_id?: string;

  @ApiProperty({ description: 'Always `Bearer`.', required: false })
  readonly token_type?: string;

  @ApiProperty({
    description: 'When it expires, in seconds since 1970.',
    type: 'integer',
    required: false,
  })
  readonly exp?: number;

  @ApiProperty({
    description: 'When it was issued, in seconds since 1970.',
    type: 'integer',
    required: false,
  })
  readonly iat?: number;

  @ApiProperty({ description: 'Whom it is about: the client itself.', required: false })
  readonly sub?: string;

  @ApiProperty({ description: 'Who issued it.', format: 'uri', required: false })
  readonly iss?: string;

  @ApiProperty({
    description: 'The APIs that it is for: one, or a list.',
    oneOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }],
    required: false,
  })
  readonly aud?: string | readonly string[];

  @ApiProperty({ description: 'Its name, which gives nobody access.', required: false })
  readonly jti?: string;
}
