import { Injectable, Optional } from '@nestjs/common';
import { changesBetween, type Actor, type AuditAction } from '../../audit/domain/audit-event.js';
import { DomainError } from '../../errors/domain-error.js';
import { AccessRules } from '../../resource-server/index.js';
import { scopesOf } from './needed-scopes.js';
import { isScopeName, type NewScope, type Scope } from './scope.js';
import { ScopeCatalogue } from './scope-catalogue.js';
import { ScopesRepository, type ScopesStore } from './scopes.repository.js';

/** What administrators can do with the catalogue: change what no code owns. */
@Injectable()
export class ScopesService {
  constructor(
    private readonly catalogue: ScopeCatalogue,
    private readonly repository: ScopesRepository,
    /** Not there on the command line, which serves no routes. */
    @Optional() private readonly accessRules?: AccessRules,
  ) {}

  /** @returns all scopes, in the order in which answers list them */
  list(): Promise<Scope[]> {
    return this.catalogue.list();
  }

  /** @throws DomainError `not_found` */
  get(name: string): Promise<Scope> {
    return existing(this.repository, name);
  }

  /** @throws DomainError `conflict` where the name is taken */
  create(scope: NewScope, actor: Actor): Promise<Scope> {
    return this.repository.exclusively(async (store) => {
      if ((await store.find(scope.name)) !== undefined) {
        throw new DomainError('conflict', 'There is a scope of this name already.');
      }
      await store.insert(scope);
      const created = await existing(store, scope.name);
      await record(store, 'scope.created', actor, undefined, created);
      return created;
    });
  }

  /**
   * Describes a scope anew. What stays as it was is no change, and leaves no trace.
   *
   * @throws DomainError `not_found`, or `conflict` where the description is the code's
   */
  describe(name: string, description: string, actor: Actor): Promise<Scope> {
    return this.repository.exclusively(async (store) => {
      const before = await existing(store, name);
      if (before.description === description) return before;
      assertNotOfTheCode(before, 'its description comes with the code');
      await store.describe(name, description);
      const after = await existing(store, name);
      await record(store, 'scope.updated', actor, before, after);
      return after;
    });
  }

  /**
   * Removes a scope that nobody needs.
   *
   * @throws DomainError `not_found`, or `conflict` where the code owns it, a route of this server
   *   needs it or a client has it
   */
  delete(name: string, actor: Actor): Promise<void> {
    return this.repository.exclusively(async (store) => {
      const scope = await existing(store, name);
      assertNotOfTheCode(scope, 'it can not be deleted');
      this.assertNoRouteNeeds(name);
      await assertNoClientHas(store, name);
      await store.delete(name);
      await record(store, 'scope.deleted', actor, scope, undefined);
    });
  }

  /** Without it the next start would stop: the handler would ask for a scope that does not exist. */
  private assertNoRouteNeeds(name: string): void {
    const needing = (this.accessRules?.list() ?? []).filter(({ rule }) =>
      scopesOf(rule).includes(name),
    );
    if (needing.length === 0) return;
    throw new DomainError(
      'conflict',
      `Routes of this server need this scope (${needing.length}): see /access-rules/.`,
    );
  }
}

/** A name that can be none is not asked for: PostgreSQL would refuse some of them. */
async function existing(store: Pick<ScopesStore, 'find'>, name: string): Promise<Scope> {
  const scope = isScopeName(name) ? await store.find(name) : undefined;
  if (scope === undefined) throw new DomainError('not_found', 'There is no scope of this name.');
  return scope;
}

function assertNotOfTheCode({ builtIn, declaredBy }: Scope, consequence: string): void {
  if (builtIn) throw new DomainError('conflict', `This scope is built in: ${consequence}.`);
  if (declaredBy !== null) {
    throw new DomainError(
      'conflict',
      `The module ${declaredBy} declares this scope: ${consequence}.`,
    );
  }
}

async function assertNoClientHas(store: ScopesStore, name: string): Promise<void> {
  const clients = await store.countClientsWith(name);
  if (clients === 0) return;
  throw new DomainError(
    'conflict',
    `Clients have this scope (${clients}): take it from them first. /clients/?scope=… lists them.`,
  );
}

function record(
  store: ScopesStore,
  action: AuditAction,
  actor: Actor,
  before: Scope | undefined,
  after: Scope | undefined,
): Promise<void> {
  const [from, to] = [before, after].map((scope) => scope?.name ?? null);
  const changes = {
    // Also where it stays the same: else nothing would tell which scope it was.
    scope: { from, to },
    ...changesBetween(describedFields(before), describedFields(after)),
  };
  return store.record({ action, actor, clientId: null, outcome: 'success', reason: null, changes });
}

function describedFields(scope: Scope | undefined): Record<string, unknown> {
  return { description: scope?.description };
}
