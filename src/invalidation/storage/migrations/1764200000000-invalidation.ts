import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What has been killed lately, for the caches of the nodes. A row says that a client, with all its
 * tokens, or one token has to be read anew.
 *
 * Rows are written by triggers on the tables that decide, so that nothing which changes them can
 * forget to: nor the nodes of the version before, nor a hand at the database.
 */
export class Invalidation1764200000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE invalidation (
        xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
        id bigint GENERATED ALWAYS AS IDENTITY,
        client integer,
        token bytea,
        CONSTRAINT invalidation_pkey PRIMARY KEY (xid, id)
      )`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE invalidation');
  }
}
