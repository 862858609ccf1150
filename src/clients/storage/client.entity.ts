import {
  Column,
  Entity,
  Index,
  OneToMany,
  PrimaryGeneratedColumn,
  Unique,
  type Relation,
} from 'typeorm';
import type { GrantType, TokenEndpointAuthMethod } from '../domain/client.js';
import { ClientSecretEntity } from './client-secret.entity.js';

/**
 * A row of `oauth_client`: an OAuth app and its settings.
 *
 * TypeORM can't say what some of its indexes are of: those are the migration's alone.
 */
@Entity('oauth_client')
@Unique('oauth_client_client_id_key', ['clientId'])
@Index('oauth_client_client_name_part_idx', { synchronize: false })
@Index('oauth_client_client_id_start_idx', { synchronize: false })
@Index('oauth_client_scopes_idx', { synchronize: false })
@Index('oauth_client_client_name_idx', { synchronize: false })
@Index('oauth_client_enabled_idx', ['enabled', 'id'])
@Index('oauth_client_created_at_idx', ['createdAt', 'id'])
export class ClientEntity {
  /** Four bytes in each token's row, where the public id would take up to 128. */
  @PrimaryGeneratedColumn('identity', {
    type: 'integer',
    generatedIdentity: 'ALWAYS',
    primaryKeyConstraintName: 'oauth_client_pkey',
  })
  id!: number;

  @Column({ type: 'text', name: 'client_id', collation: 'C' })
  clientId!: string;

  @Column('text', { name: 'client_name' })
  clientName!: string;

  @Column('text', { default: '' })
  description!: string;

  @Column('text', { array: true })
  scopes!: string[];

  @Column('text', { name: 'default_scopes', array: true })
  defaultScopes!: string[];

  @Column('text', { name: 'grant_types', array: true, default: () => "'{client_credentials}'" })
  grantTypes!: GrantType[];

  @Column('text', { name: 'token_endpoint_auth_method', nullable: true })
  tokenEndpointAuthMethod!: TokenEndpointAuthMethod | null;

  @Column('text', { array: true, default: () => "'{}'" })
  resources!: string[];

  @Column('text', { name: 'access_token_format', default: 'opaque' })
  accessTokenFormat!: string;

  /** Seconds; null: as the settings say. */
  @Column('integer', { name: 'access_token_ttl', nullable: true })
  accessTokenTtl!: number | null;

  @Column('text', { name: 'allowed_ips', array: true, default: () => "'{}'" })
  allowedIps!: string[];

  @Column('text', { array: true, default: () => "'{}'" })
  contacts!: string[];

  @Column('boolean', { default: true })
  enabled!: boolean;

  @Column('boolean', { name: 'self_rotation', default: false })
  selfRotation!: boolean;

  @Column('integer', { name: 'token_quota', nullable: true })
  tokenQuota!: number | null;

  /** A token counts only while its own epoch is this one: raising it kills all of them at once. */
  @Column('integer', { name: 'token_epoch', default: 0 })
  tokenEpoch!: number;

  /** Keys of secrets whose tokens count no more, as after a leak. */
  @Column('integer', { name: 'dead_secrets', array: true, default: () => "'{}'" })
  deadSecrets!: number[];

  /** What the ETag shows. */
  @Column('integer', { default: 1 })
  version!: number;

  @Column('timestamptz', { name: 'created_at', default: () => 'now()' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'updated_at', default: () => 'now()' })
  updatedAt!: Date;

  @OneToMany(() => ClientSecretEntity, (secret) => secret.client, { cascade: ['insert'] })
  secrets!: Relation<ClientSecretEntity>[];
}
