import { Injectable } from '@nestjs/common';
import { EntityManager } from 'typeorm';
import { appendAuditEvent } from '../../audit/storage/append-audit-event.js';
import { CLIENTS_LOCK } from '../../database/locks.js';
import type { ScopeDeclaration } from '../domain/scope-declaration.js';
import type { Scope } from '../domain/scope.js';
import { ScopesRepository, type ScopesStore } from '../domain/scopes.repository.js';
import { ScopeEntity } from './scope.entity.js';
import { findScope, listScopes } from './typeorm-scope-catalogue.js';

/**
 * By the table's name: the clients know the scopes, not the other way round. A default scope is
 * always one of the scopes.
 */
const COUNT_CLIENTS = `
  SELECT count(*)::integer AS count FROM oauth_client WHERE scopes @> ARRAY[$1]::text[]`;

/** In the order of the declarations; a row that is right already is not written again. */
const DECLARE = `
  INSERT INTO oauth_scope AS stored (scope, description, declared_by)
  SELECT scope, description, declared_by
  FROM unnest($1::text[], $2::text[], $3::text[])
    WITH ORDINALITY AS declared (scope, description, declared_by, place)
  ORDER BY place
  ON CONFLICT (scope) DO UPDATE
  SET description = excluded.description, declared_by = excluded.declared_by
  WHERE (stored.description, stored.declared_by)
    IS DISTINCT FROM (excluded.description, excluded.declared_by)`;

const GIVE_UP = `
  UPDATE oauth_scope SET declared_by = NULL
  WHERE declared_by IS NOT NULL AND scope <> ALL ($1::text[])`;

/** The changes of the catalogue in PostgreSQL. */
@Injectable()
export class TypeormScopesRepository extends ScopesRepository {
  constructor(private readonly manager: EntityManager) {
    super();
  }

  override find(name: string): Promise<Scope | undefined> {
    return this.manager.transaction((manager) => findScope(manager, name));
  }

  override exclusively<Result>(task: (store: ScopesStore) => Promise<Result>): Promise<Result> {
    return this.manager.transaction(async (manager) => {
      // The clients' own lock: a scope must not go while a client is being given it.
      await manager.query('SELECT pg_advisory_xact_lock($1)', [CLIENTS_LOCK]);
      return task(storeIn(manager));
    });
  }
}

/** The store as a transaction sees it. */
function storeIn(manager: EntityManager): ScopesStore {
  return {
    list: () => listScopes(manager),
    find: (name) => findScope(manager, name),
    countClientsWith: async (name) => {
      const [row] = await manager.query<{ count: number }[]>(COUNT_CLIENTS, [name]);
      return row?.count ?? 0;
    },
    insert: async ({ name, description }) => {
      await manager.insert(ScopeEntity, { scope: name, description });
    },
    describe: async (name, description) => {
      await manager.update(ScopeEntity, { scope: name }, { description });
    },
    delete: async (name) => {
      await manager.delete(ScopeEntity, { scope: name });
    },
    declare: (declarations) => declare(manager, declarations),
    record: (event) => appendAuditEvent(manager, event),
  };
}

async function declare(
  manager: EntityManager,
  declarations: readonly ScopeDeclaration[],
): Promise<void> {
  const names = declarations.map(({ name }) => name);
  const descriptions = declarations.map(({ description }) => description);
  const modules = declarations.map(({ declaredBy }) => declaredBy);
  await manager.query(DECLARE, [names, descriptions, modules]);
  await manager.query(GIVE_UP, [names]);
}
