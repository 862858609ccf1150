import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Access tokens, a partition for each UTC day of expiry, so that a day is removed by dropping its
 * table; and the counts behind the quotas.
 *
 * A token refers to its client and secret without foreign keys: those would make deleting a client
 * search every partition. A token whose client is gone is dead by the join that looks it up, and
 * keys are never given out twice.
 */
export class AccessTokens1764000000200 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE oauth_access_token (
        issued_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        revoked_at timestamptz,
        client integer NOT NULL,
        secret integer NOT NULL,
        epoch integer NOT NULL,
        digest bytea NOT NULL,
        scope text NOT NULL,
        audience text,
        CONSTRAINT oauth_access_token_pkey PRIMARY KEY (digest, expires_at)
      ) PARTITION BY RANGE (expires_at)`);
    await queryRunner.query(`
      CREATE TABLE oauth_token_count (
        client integer NOT NULL
          CONSTRAINT oauth_token_count_client_fkey REFERENCES oauth_client (id) ON DELETE CASCADE,
        hour integer NOT NULL,
        issued integer NOT NULL,
        CONSTRAINT oauth_token_count_pkey PRIMARY KEY (client, hour)
      )`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE oauth_token_count, oauth_access_token');
  }
}
