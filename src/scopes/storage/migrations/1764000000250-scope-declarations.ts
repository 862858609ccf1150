import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Which module brings a scope (`ScopesModule.forFeature`). */
export class ScopeDeclarations1764000000250 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE oauth_scope ADD COLUMN declared_by text');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE oauth_scope DROP COLUMN declared_by');
  }
}
