import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A row of the scope catalogue. */
@Entity('oauth_scope')
export class ScopeEntity {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'oauth_scope_pkey' })
  scope!: string;

  @Column('text')
  description!: string;

  @Column('boolean', { name: 'built_in', default: false })
  builtIn!: boolean;

  /** Answers list scopes in this order. */
  @Column({ type: 'integer', generated: 'identity', generatedIdentity: 'ALWAYS' })
  position!: number;

  @Column('timestamptz', { name: 'created_at', default: () => 'now()' })
  createdAt!: Date;
}
