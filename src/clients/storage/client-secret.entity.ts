import {
  Column,
  Entity,
  Index,
  JoinColumn,
  ManyToOne,
  PrimaryGeneratedColumn,
  Unique,
  type Relation,
} from 'typeorm';
import { ClientEntity } from './client.entity.js';

/** A row of `oauth_client_secret`: the digest of one of a client's secrets. */
@Entity('oauth_client_secret')
@Unique('oauth_client_secret_secret_id_key', ['secretId'])
@Index('oauth_client_secret_expires_at_idx', ['expiresAt', 'client'])
export class ClientSecretEntity {
  @PrimaryGeneratedColumn('identity', {
    type: 'integer',
    generatedIdentity: 'ALWAYS',
    primaryKeyConstraintName: 'oauth_client_secret_pkey',
  })
  id!: number;

  /** Its name on the wire. */
  @Column('uuid', { name: 'secret_id' })
  secretId!: string;

  @ManyToOne(() => ClientEntity, (client) => client.secrets, {
    nullable: false,
    onDelete: 'CASCADE',
  })
  @JoinColumn({ name: 'client', foreignKeyConstraintName: 'oauth_client_secret_client_fkey' })
  @Index('oauth_client_secret_client_idx')
  client!: Relation<ClientEntity>;

  /** SHA-256 of the secret. */
  @Column('bytea')
  digest!: Buffer;

  /** The last four characters. */
  @Column('text')
  hint!: string;

  @Column('timestamptz', { name: 'created_at', default: () => 'now()' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'expires_at', nullable: true })
  expiresAt!: Date | null;
}
