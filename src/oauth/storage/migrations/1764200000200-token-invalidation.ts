import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * A token that is revoked or deleted, through the table itself and not one of its partitions, is told
 * to the caches of the nodes. Storing one touches no trigger, nor does dropping a partition.
 */
export class TokenInvalidation1764200000200 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE FUNCTION invalidate_tokens() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        INSERT INTO invalidation (token) SELECT digest FROM changed;
        RETURN NULL;
      END $$`);
    for (const event of EVENTS) {
      await queryRunner.query(`
        CREATE TRIGGER invalidate_after_${event} AFTER ${event} ON oauth_access_token
        REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION invalidate_tokens()`);
    }
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const event of EVENTS) {
      await queryRunner.query(`DROP TRIGGER invalidate_after_${event} ON oauth_access_token`);
    }
    await queryRunner.query('DROP FUNCTION invalidate_tokens');
  }
}

const EVENTS = ['update', 'delete'];
