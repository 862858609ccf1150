import { ApiProperty, ApiSchema } from '@nestjs/swagger';

/** A secret of a client, without itself. */
@ApiSchema({ name: 'Secret' })
export class SecretDto {
  /** The id of the secret. */
  @ApiProperty({ format: 'uuid' })
  readonly secret_id!: string;

  /** Its last four characters, to tell it from others. */
  @ApiProperty({ example: '…Xy9Z' })
  readonly hint!: string;

  /** When it was made. */
  @ApiProperty({ format: 'date-time' })
  readonly created_at!: string;

  /** When it stops working; null: never. */
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  readonly expires_at!: string | null;

  /** When it was last used, at most a minute old; null: never. */
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  readonly last_used_at!: string | null;

  /** The address that it was last used from. */
  @ApiProperty({ type: String, nullable: true })
  readonly last_used_address!: string | null;
}

/** A secret that was made just now. */
@ApiSchema({ name: 'CreatedSecret' })
export class CreatedSecretDto extends SecretDto {
  /** The secret itself: shown this once, and kept nowhere. */
  @ApiProperty()
  readonly client_secret!: string;
}
