import { Injectable } from '@nestjs/common';
import { EntityManager } from 'typeorm';
import { ScopeCatalogue } from '../domain/scope-catalogue.js';
import type { Scope } from '../domain/scope.js';
import { ScopeEntity } from './scope.entity.js';

/** The scope catalogue in PostgreSQL, to be read. */
@Injectable()
export class TypeormScopeCatalogue extends ScopeCatalogue {
  constructor(private readonly manager: EntityManager) {
    super();
  }

  override list(): Promise<Scope[]> {
    // In a transaction alone has the server a time-out behind a pooler.
    return this.manager.transaction(listScopes);
  }
}

/** The scopes as a connection or a transaction sees them. */
export async function listScopes(manager: EntityManager): Promise<Scope[]> {
  return (await manager.find(ScopeEntity, { order: { position: 'ASC' } })).map(toScope);
}

/** @returns undefined for a scope that does not exist */
export async function findScope(manager: EntityManager, name: string): Promise<Scope | undefined> {
  const row = await manager.findOneBy(ScopeEntity, { scope: name });
  return row === null ? undefined : toScope(row);
}

function toScope({ scope, description, builtIn, declaredBy }: ScopeEntity): Scope {
  return { name: scope, description, builtIn, declaredBy };
}
