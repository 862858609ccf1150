import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Clients, their secrets, and when each was last used. */
export class Clients1764000000100 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE oauth_client (
        id integer GENERATED ALWAYS AS IDENTITY CONSTRAINT oauth_client_pkey PRIMARY KEY,
        client_id text COLLATE "C" NOT NULL CONSTRAINT oauth_client_client_id_key UNIQUE,
        client_name text NOT NULL,
        description text NOT NULL DEFAULT '',
        scopes text[] NOT NULL,
        default_scopes text[] NOT NULL,
        grant_types text[] NOT NULL DEFAULT '{client_credentials}',
        token_endpoint_auth_method text,
        resources text[] NOT NULL DEFAULT '{}',
        access_token_format text NOT NULL DEFAULT 'opaque',
        access_token_ttl integer,
        allowed_ips text[] NOT NULL DEFAULT '{}',
        contacts text[] NOT NULL DEFAULT '{}',
        enabled boolean NOT NULL DEFAULT true,
        self_rotation boolean NOT NULL DEFAULT false,
        token_quota integer,
        token_epoch integer NOT NULL DEFAULT 0,
        dead_secrets integer[] NOT NULL DEFAULT '{}',
        version integer NOT NULL DEFAULT 1,
        created_at timestamptz NOT NULL DEFAULT now(),
        updated_at timestamptz NOT NULL DEFAULT now()
      )`);
    await queryRunner.query(`
      CREATE TABLE oauth_client_secret (
        id integer GENERATED ALWAYS AS IDENTITY CONSTRAINT oauth_client_secret_pkey PRIMARY KEY,
        secret_id uuid NOT NULL CONSTRAINT oauth_client_secret_secret_id_key UNIQUE,
        client integer NOT NULL
          CONSTRAINT oauth_client_secret_client_fkey REFERENCES oauth_client (id) ON DELETE CASCADE,
        digest bytea NOT NULL,
        hint text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        expires_at timestamptz
      )`);
    await queryRunner.query(
      'CREATE INDEX oauth_client_secret_client_idx ON oauth_client_secret (client)',
    );
    // Last use stands apart from the rows that decide, so that writing it touches nothing hot.
    await queryRunner.query(`
      CREATE TABLE oauth_client_usage (
        client integer CONSTRAINT oauth_client_usage_pkey PRIMARY KEY
          CONSTRAINT oauth_client_usage_client_fkey REFERENCES oauth_client (id) ON DELETE CASCADE,
        last_used_at timestamptz NOT NULL
      )`);
    await queryRunner.query(`
      CREATE TABLE oauth_secret_usage (
        secret integer CONSTRAINT oauth_secret_usage_pkey PRIMARY KEY
          CONSTRAINT oauth_secret_usage_secret_fkey
          REFERENCES oauth_client_secret (id) ON DELETE CASCADE,
        last_used_at timestamptz NOT NULL,
        last_used_address text
      )`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      'DROP TABLE oauth_secret_usage, oauth_client_usage, oauth_client_secret, oauth_client',
    );
  }
}
