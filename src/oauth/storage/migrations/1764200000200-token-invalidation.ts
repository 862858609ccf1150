import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * A revoked token is told to the caches of the nodes. Nothing else changes a token once it is
 * stored, and storing one touches no trigger.
 */
export class TokenInvalidation1764200000200 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE FUNCTION invalidate_tokens() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        INSERT INTO invalidation (token) SELECT digest FROM changed;
        RETURN NULL;
      END $$`);
    await queryRunner.query(`
      CREATE TRIGGER invalidate_after_update AFTER UPDATE ON oauth_access_token
      REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION invalidate_tokens()`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TRIGGER invalidate_after_update ON oauth_access_token');
    await queryRunner.query('DROP FUNCTION invalidate_tokens');
  }
}
