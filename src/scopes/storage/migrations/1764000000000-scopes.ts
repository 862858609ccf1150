import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The scope catalogue, with the scopes that the server itself knows. */
export class Scopes1764000000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE oauth_scope (
        scope text CONSTRAINT oauth_scope_pkey PRIMARY KEY,
        description text NOT NULL,
        built_in boolean NOT NULL DEFAULT false,
        position integer NOT NULL GENERATED ALWAYS AS IDENTITY,
        created_at timestamptz NOT NULL DEFAULT now()
      )`);
    await queryRunner.query(`
      INSERT INTO oauth_scope (scope, description, built_in) VALUES
        ('read', 'Read access to resources', true),
        ('write', 'Write access to resources', true),
        ('admin', 'Administrative access', true),
        ('introspection', 'Introspect the tokens of every client', true)`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE oauth_scope');
  }
}
