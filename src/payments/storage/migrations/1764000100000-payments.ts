import { MigrationInterface, type QueryRunner } from 'typeorm';

/** The payments, the idempotency keys of their clients, and the fees. */
export class Payments1764000100000 implements MigrationInterface {
  readonly name = 'Payments1764000100000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE payment (
        payment_id text NOT NULL,
        client_id text NOT NULL,
        amount numeric NOT NULL,
        currency text NOT NULL,
        reference text NOT NULL,
        status text NOT NULL,
        created_at timestamptz(3) NOT NULL DEFAULT now(),
        CONSTRAINT payment_pkey PRIMARY KEY (payment_id),
        CONSTRAINT payment_amount_check CHECK (amount > 0),
        CONSTRAINT payment_reference_check CHECK (char_length(reference) <= 140)
      )`);
    await queryRunner.query(`
      CREATE INDEX payment_client_id_created_at_idx
        ON payment (client_id, created_at, payment_id)`);
    await queryRunner.query(`
      CREATE TABLE payment_idempotency_key (
        client_id text NOT NULL,
        key text NOT NULL,
        request_digest text NOT NULL,
        payment_id text NOT NULL,
        created_at timestamptz(3) NOT NULL DEFAULT now(),
        CONSTRAINT payment_idempotency_key_pkey PRIMARY KEY (client_id, key),
        CONSTRAINT payment_idempotency_key_payment_id_fkey
          FOREIGN KEY (payment_id) REFERENCES payment (payment_id) ON DELETE CASCADE
      )`);
    await queryRunner.query(`
      CREATE TABLE payment_fee (
        currency text NOT NULL,
        percent numeric NOT NULL,
        fixed numeric NOT NULL,
        CONSTRAINT payment_fee_pkey PRIMARY KEY (currency)
      )`);
    await queryRunner.query(`
      INSERT INTO payment_fee (currency, percent, fixed)
      VALUES ('EUR', 1.40, 0.25), ('GBP', 1.50, 0.20), ('JPY', 3.60, 30), ('USD', 2.90, 0.30)`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE payment_fee');
    await queryRunner.query('DROP TABLE payment_idempotency_key');
    await queryRunner.query('DROP TABLE payment');
  }
}
