import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The audit trail: a partition for each month, so that what is too old goes by dropping a table,
 * and triggers that refuse every change of what is written.
 */
export class AuditEvents1764000000050 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE audit_event (
        event_id uuid NOT NULL,
        "time" timestamptz NOT NULL DEFAULT clock_timestamp(),
        action text NOT NULL,
        actor text NOT NULL,
        client_id text,
        address text,
        request_id text,
        outcome text NOT NULL,
        reason text,
        changes jsonb,
        count integer NOT NULL DEFAULT 1,
        request_ids text[] NOT NULL DEFAULT '{}',
        CONSTRAINT audit_event_pkey PRIMARY KEY ("time", event_id)
      ) PARTITION BY RANGE ("time")`);
    await queryRunner.query(
      `CREATE INDEX audit_event_client_id_idx ON audit_event (client_id, "time", event_id)`,
    );
    await queryRunner.query(
      `CREATE INDEX audit_event_actor_idx ON audit_event (actor, "time", event_id)`,
    );
    await queryRunner.query('CREATE INDEX audit_event_request_id_idx ON audit_event (request_id)');
    await queryRunner.query(
      `CREATE INDEX audit_event_request_ids_idx ON audit_event USING gin (request_ids)`,
    );
    await queryRunner.query(`
      CREATE FUNCTION audit_event_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        RAISE EXCEPTION 'the audit trail is append-only';
      END $$`);
    await queryRunner.query(`
      CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON audit_event
      FOR EACH ROW EXECUTE FUNCTION audit_event_is_append_only()`);
    await queryRunner.query(`
      CREATE TRIGGER no_truncate BEFORE TRUNCATE ON audit_event
      FOR EACH STATEMENT EXECUTE FUNCTION audit_event_is_append_only()`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE audit_event');
    await queryRunner.query('DROP FUNCTION audit_event_is_append_only');
  }
}
