import { ApiProperty, ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';

/** A public key (RFC 7517 §4). It has no member of a private one, and must never get any. */
@ApiSchema({ name: 'JsonWebKey' })
export class JwkDto {
  @ApiProperty({ description: 'The type of the key.', enum: ['OKP', 'EC', 'RSA'] })
  readonly kty!: string;

  @ApiProperty({ description: 'Its id: what the header of a token names.' })
  readonly kid!: string;

  @ApiProperty({ description: 'What it is for: signatures.', enum: ['sig'] })
  readonly use!: string;

  @ApiProperty({
    description: 'The one algorithm that it signs with.',
    enum: ['EdDSA', 'ES256', 'RS256'],
  })
  readonly alg!: string;

  @ApiPropertyOptional({ description: 'The curve.', enum: ['Ed25519', 'P-256'] })
  readonly crv?: string;

  @ApiPropertyOptional({ description: 'The public key, or its first coordinate.' })
  readonly x?: string;

  @ApiPropertyOptional({ description: 'The second coordinate.' })
  readonly y?: string;

  @ApiPropertyOptional({ description: 'The modulus.' })
  readonly n?: string;

  @ApiPropertyOptional({ description: 'The exponent.' })
  readonly e?: string;
}

/** The keys that sign JWT access tokens (RFC 7517 §5). */
@ApiSchema({ name: 'JsonWebKeySet' })
export class JwksDto {
  @ApiProperty({
    description:
      'The key that signs now, the next one, and those whose last token has not expired yet.',
    type: [JwkDto],
  })
  readonly keys!: readonly JwkDto[];
}
