import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { ACCESS_TOKEN_FORMATS } from '../../domain/client.js';
import { SecretDto } from './secret.dto.js';

/** A client (RFC 7591 §2). */
@ApiSchema({ name: 'Client' })
export class ClientDto {
  /** Its id, case-sensitive. */
  @ApiProperty({ example: 'Xw3kPq81ZrTb' })
  readonly client_id!: string;

  /** What people call it. */
  @ApiProperty({ example: 'Billing' })
  readonly client_name!: string;

  /** What the client is for. */
  @ApiProperty()
  readonly description!: string;

  /** The scopes that it may have, separated by blanks. */
  @ApiProperty({ example: 'read write' })
  readonly scope!: string;

  /** The scopes of a token that asks for none. */
  @ApiProperty({ example: 'read write' })
  readonly default_scope!: string;

  /** Empty for a client that only introspects and revokes. */
  @ApiProperty({ type: [String], enum: ['client_credentials'] })
  readonly grant_types!: readonly string[];

  /** The only way in which the secret is taken; null: in the header or in the body. */
  @ApiProperty({
    type: String,
    enum: ['client_secret_basic', 'client_secret_post', null],
    nullable: true,
  })
  readonly token_endpoint_auth_method!: string | null;

  /** The APIs that it may get tokens for (RFC 8707); empty: the default one. */
  @ApiProperty({ type: [String] })
  readonly resources!: readonly string[];

  /** The form of its access tokens: a random text, or a JWT (RFC 9068). */
  @ApiProperty({ enum: ACCESS_TOKEN_FORMATS })
  readonly access_token_format!: string;

  /** Seconds that its access tokens live; where it has no number of its own, the server's. */
  @ApiProperty({ type: 'integer', example: 36_000 })
  readonly access_token_ttl!: number;

  /** Addresses and CIDR ranges from which it may get tokens; empty: from everywhere. */
  @ApiProperty({ type: [String], example: ['10.0.0.0/8'] })
  readonly allowed_ips!: readonly string[];

  /** Whether it may get tokens. */
  @ApiProperty()
  readonly enabled!: boolean;

  /** E-mail addresses of those to ask about it. */
  @ApiProperty({ type: [String], example: ['team@example.com'] })
  readonly contacts!: readonly string[];

  /** Its secrets, oldest first. */
  @ApiProperty({ type: () => [SecretDto] })
  readonly secrets!: readonly SecretDto[];

  /** Whether it may give itself a new secret. */
  @ApiProperty()
  readonly self_rotation!: boolean;

  /** How many tokens it may get in an hour; null: as many as it likes. */
  @ApiProperty({ type: 'integer', nullable: true })
  readonly token_quota!: number | null;

  /** When it was made. */
  @ApiProperty({ format: 'date-time' })
  readonly created_at!: string;

  /** When it was last changed. */
  @ApiProperty({ format: 'date-time' })
  readonly updated_at!: string;

  /** When it last authenticated, at most a minute old; null: never. */
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  readonly last_used_at!: string | null;

  /** Tokens issued to it in this hour, a second old: many, where it asks for one at every call. */
  @ApiProperty({ type: 'integer', example: 2 })
  readonly tokens_this_hour!: number;

  /** Counts its changes; the `ETag` has the same number. */
  @ApiProperty({ type: 'integer', example: 1 })
  readonly version!: number;
}

/** A client that was made just now. */
@ApiSchema({ name: 'CreatedClient' })
export class CreatedClientDto extends ClientDto {
  /** Its secret: shown this once, and kept nowhere. */
  @ApiProperty()
  readonly client_secret!: string;
}

/** A client in a list. */
@ApiSchema({ name: 'ListedClient' })
export class ListedClientDto extends ClientDto {
  /** When the next of its working secrets ends; null: none does. */
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  readonly next_secret_expiry!: string | null;
}

/** A part of the list of clients. */
@ApiSchema({ name: 'ClientList' })
export class ClientListDto {
  /** The clients, in the order asked for. */
  @ApiProperty({ type: () => [ListedClientDto] })
  readonly items!: readonly ListedClientDto[];

  /** To be sent as `cursor` for the next part; null at the end of the list. */
  @ApiProperty({ type: String, nullable: true, example: null })
  readonly next_cursor!: string | null;

  /** How many match in all; null where they are more than 10,000. */
  @ApiProperty({ type: 'integer', nullable: true })
  readonly total!: number | null;
}
