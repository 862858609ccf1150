import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What lists of clients are found by, and a usage row for every client, so that those never used
 * have a place in the order of the last use too: before all others.
 *
 * `pg_trgm` is a trusted extension: whoever may create objects in the database may create it. Where
 * the migrating role may not, a superuser creates it first, and this passes over it.
 */
export class ClientAdministration1764000000300 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('CREATE EXTENSION IF NOT EXISTS pg_trgm');
    for (const index of INDEXES) await queryRunner.query(`CREATE INDEX ${index}`);
    await queryRunner.query(
      `ALTER TABLE oauth_client_usage ALTER COLUMN last_used_at SET DEFAULT '-infinity'`,
    );
    // By a trigger and not by the code that makes clients: the nodes of the version before, which
    // run on beside this one for a while, make clients too.
    await queryRunner.query(`
      CREATE FUNCTION oauth_client_has_usage() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        INSERT INTO oauth_client_usage (client) SELECT id FROM made;
        RETURN NULL;
      END $$`);
    await queryRunner.query(`
      CREATE TRIGGER has_usage AFTER INSERT ON oauth_client REFERENCING NEW TABLE AS made
      FOR EACH STATEMENT EXECUTE FUNCTION oauth_client_has_usage()`);
    await queryRunner.query(
      'INSERT INTO oauth_client_usage (client) SELECT id FROM oauth_client ON CONFLICT DO NOTHING',
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TRIGGER has_usage ON oauth_client');
    await queryRunner.query('DROP FUNCTION oauth_client_has_usage');
    await queryRunner.query(`DELETE FROM oauth_client_usage WHERE last_used_at = '-infinity'`);
    await queryRunner.query(
      'ALTER TABLE oauth_client_usage ALTER COLUMN last_used_at DROP DEFAULT',
    );
    for (const index of INDEXES) await queryRunner.query(`DROP INDEX ${index.split(' ', 1)[0]}`);
    // The extension stays: it may have been there before, for others.
  }
}

const INDEXES = [
  'oauth_client_client_name_part_idx ON oauth_client USING gin (client_name gin_trgm_ops)',
  'oauth_client_client_id_start_idx ON oauth_client (lower(client_id))',
  'oauth_client_scopes_idx ON oauth_client USING gin (scopes)',
  'oauth_client_enabled_idx ON oauth_client (enabled, id)',
  'oauth_client_client_name_idx ON oauth_client ((lower(client_name) COLLATE "C"), id)',
  'oauth_client_created_at_idx ON oauth_client (created_at, id)',
  'oauth_client_usage_last_used_at_idx ON oauth_client_usage (last_used_at, client)',
  'oauth_client_secret_expires_at_idx ON oauth_client_secret (expires_at, client)',
];
