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

  /** The class name of the module that declares it; null for one that an administrator made. */
  @Column('text', { name: 'declared_by', nullable: true })
  declaredBy!: string | null;

  /** Answers list scopes in this order. */
  @Column({ type: 'integer', generated: 'identity', generatedIdentity: 'ALWAYS' })
  position!: number;

  @Column('timestamptz', { name: 'created_at', default: () => 'now()' })
  createdAt!: Date;
}
