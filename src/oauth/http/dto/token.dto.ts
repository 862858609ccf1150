import { ApiProperty } from '@nestjs/swagger';

/**
 * Swagger UI fills a form with the examples and sends what it has filled in; an empty parameter
 * counts as left out (RFC 6749 §3.1).
 */
export const NOT_SENT = '';

/** The credentials in the form of an OAuth endpoint (RFC 6749 §2.3.1). */
export class CredentialsDto {
  @ApiProperty({
    description: 'The client id, where it is not in the Authorization header.',
    required: false,
    example: NOT_SENT,
  })
  readonly client_id?: string;

  @ApiProperty({
    description: 'The client secret, where it is not in the Authorization header.',
    required: false,
    format: 'password',
    example: NOT_SENT,
  })
  readonly client_secret?: string;
}

/** The form of a token request (RFC 6749 §4.4.2). It is read by the guards; this documents it. */
export class TokenRequestDto extends CredentialsDto {
  @ApiProperty({ description: 'Always `client_credentials`.', enum: ['client_credentials'] })
  readonly grant_type!: string;

  @ApiProperty({
    description: 'Scopes separated by blanks, such as `read write`; left out: the default ones.',
    required: false,
    example: NOT_SENT,
  })
  readonly scope?: string;

  @ApiProperty({
    description:
      'The API that the token is for (RFC 8707); may be repeated. `audience` is the same.',
    required: false,
    format: 'uri',
    example: NOT_SENT,
  })
  readonly resource?: string;
}

/** An issued token (RFC 6749 §5.1). */
export class TokenResponseDto {
  @ApiProperty({
    description: 'To be sent as `Authorization: Bearer …`.',
    example: 'd1UUviKpHizUGsGZuboebXS6YgwcAl',
  })
  readonly access_token!: string;

  @ApiProperty({ description: 'Always `Bearer` (RFC 6750).', example: 'Bearer' })
  readonly token_type!: string;

  @ApiProperty({
    description: 'Seconds for which the token is good. Keep it until shortly before.',
    type: 'integer',
    example: 36000,
  })
  readonly expires_in!: number;

  @ApiProperty({ description: 'The scopes granted.', example: 'read write' })
  readonly scope!: string;
}

/** An error of an OAuth endpoint (RFC 6749 §5.2). */
export class OAuthErrorDto {
  @ApiProperty({ description: 'The code (RFC 6749 §5.2).' })
  readonly error!: string;

  @ApiProperty({ description: 'What to do, and the id of the request.' })
  readonly error_description!: string;

  @ApiProperty({ description: 'A page that explains the error.', format: 'uri' })
  readonly error_uri!: string;
}
