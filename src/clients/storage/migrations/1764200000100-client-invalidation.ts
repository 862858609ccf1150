import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A change of a client or of its secrets is told to the caches of the nodes. */
export class ClientInvalidation1764200000100 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE FUNCTION invalidate_clients() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        INSERT INTO invalidation (client) SELECT id FROM changed;
        RETURN NULL;
      END $$`);
    await queryRunner.query(`
      CREATE FUNCTION invalidate_clients_of_secrets() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        INSERT INTO invalidation (client) SELECT DISTINCT client FROM changed;
        RETURN NULL;
      END $$`);
    for (const [table, fn] of TRIGGERS) {
      for (const event of ['UPDATE', 'DELETE']) {
        await queryRunner.query(`
          CREATE TRIGGER invalidate_after_${event.toLowerCase()} AFTER ${event} ON ${table}
          REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION ${fn}()`);
      }
    }
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const [table] of TRIGGERS) {
      await queryRunner.query(`DROP TRIGGER invalidate_after_update ON ${table}`);
      await queryRunner.query(`DROP TRIGGER invalidate_after_delete ON ${table}`);
    }
    await queryRunner.query('DROP FUNCTION invalidate_clients, invalidate_clients_of_secrets');
  }
}

const TRIGGERS = [
  ['oauth_client', 'invalidate_clients'],
  ['oauth_client_secret', 'invalidate_clients_of_secrets'],
] as const;
