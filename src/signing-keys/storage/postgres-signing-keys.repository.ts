import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { appendAuditEvent } from '../../audit/storage/append-audit-event.js';
import { SIGNING_KEYS_LOCK } from '../../database/locks.js';
import { PUBLISHED_AFTER_SECONDS, type SigningKey } from '../domain/signing-key.js';
import { SigningKeysRepository, type SigningKeysStore } from '../domain/signing-keys.repository.js';

const IS_ENDED = `retired_at <= now() - interval '${PUBLISHED_AFTER_SECONDS} seconds'`;

/** Durations are the database's to tell: its clock is the one that all nodes share. */
const LIST = `
  SELECT kid, algorithm, public_jwk AS "publicJwk", private_jwe AS sealed,
    created_at AS "createdAt", activated_at AS "activatedAt", retired_at AS "retiredAt",
    extract(epoch FROM now() - created_at)::float AS "ageSeconds",
    coalesce(extract(epoch FROM now() - activated_at), 0)::float AS "activeSeconds"
  FROM oauth_signing_key
  WHERE (${IS_ENDED}) IS NOT TRUE
  ORDER BY created_at, kid`;

const INSERT = `
  INSERT INTO oauth_signing_key (kid, algorithm, public_jwk, private_jwe) VALUES ($1, $2, $3, $4)`;

const ACTIVATE = 'UPDATE oauth_signing_key SET activated_at = now() WHERE kid = $1';

const RETIRE = `
  UPDATE oauth_signing_key SET retired_at = now(), private_jwe = NULL WHERE kid = $1`;

/** The signing keys in PostgreSQL. */
@Injectable()
export class PostgresSigningKeysRepository extends SigningKeysRepository {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {
    super();
  }

  override list(): Promise<SigningKey[]> {
    // In a transaction alone has the server a time-out behind a pooler.
    return this.dataSource.transaction((manager) => manager.query(LIST));
  }

  override exclusively<Result>(
    task: (store: SigningKeysStore) => Promise<Result>,
  ): Promise<Result> {
    return this.dataSource.transaction(async (manager) => {
      await manager.query('SELECT pg_advisory_xact_lock($1)', [SIGNING_KEYS_LOCK]);
      return task(storeIn(manager));
    });
  }
}

/** The store as a transaction sees it. */
function storeIn(manager: EntityManager): SigningKeysStore {
  const run = async (text: string, ...values: unknown[]): Promise<void> => {
    await manager.query(text, values);
  };
  return {
    list: () => manager.query(LIST),
    insert: ({ kid, algorithm, publicJwk, sealed }) =>
      run(INSERT, kid, algorithm, JSON.stringify(publicJwk), sealed),
    activate: (kid) => run(ACTIVATE, kid),
    retire: (kid) => run(RETIRE, kid),
    delete: (kid) => run('DELETE FROM oauth_signing_key WHERE kid = $1', kid),
    deleteEnded: () => run(`DELETE FROM oauth_signing_key WHERE ${IS_ENDED}`),
    record: (event) => appendAuditEvent(manager, event),
  };
}
