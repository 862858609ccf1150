import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The keys that sign JWTs. A key that signs no more keeps its public half alone. At most one signs
 * and one waits to be the next, whatever the nodes do.
 */
export class SigningKeys1764200000300 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE oauth_signing_key (
        kid text COLLATE "C" CONSTRAINT oauth_signing_key_pkey PRIMARY KEY,
        algorithm text NOT NULL,
        public_jwk jsonb NOT NULL,
        private_jwe text,
        created_at timestamptz NOT NULL DEFAULT now(),
        activated_at timestamptz,
        retired_at timestamptz,
        CONSTRAINT oauth_signing_key_retired_check
          CHECK ((retired_at IS NULL) = (private_jwe IS NOT NULL))
      )`);
    await queryRunner.query(`
      CREATE UNIQUE INDEX oauth_signing_key_next_idx ON oauth_signing_key ((true))
      WHERE activated_at IS NULL`);
    await queryRunner.query(`
      CREATE UNIQUE INDEX oauth_signing_key_current_idx ON oauth_signing_key ((true))
      WHERE activated_at IS NOT NULL AND retired_at IS NULL`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE oauth_signing_key');
  }
}
