import { Injectable, Optional, type OnModuleInit } from '@nestjs/common';
import { AccessRules } from '../resource-server/index.js';
import { DeclaredScopes } from './declared-scopes.js';
import { assertScopesKnown } from './domain/needed-scopes.js';
import { ScopeCatalogue } from './domain/scope-catalogue.js';
import { assertDeclarable } from './domain/scope-declaration.js';
import { ScopesRepository } from './domain/scopes.repository.js';

/** Brings code and catalogue together when the server starts. */
@Injectable()
export class ScopesAtStart implements OnModuleInit {
  constructor(
    private readonly declared: DeclaredScopes,
    private readonly catalogue: ScopeCatalogue,
    private readonly repository: ScopesRepository,
    /** Not there on the command line, which serves no routes. */
    @Optional() private readonly accessRules?: AccessRules,
  ) {}

  /**
   * Puts into the catalogue what the modules declare, so that it can be given to clients. Called
   * by the server alone: a command has fewer modules, and would take the scopes of the others from
   * them.
   *
   * It leaves no trace in the audit trail: who changed the code is the version control's to tell,
   * and `declared_by` says where to look.
   *
   * @throws ScopeDeclarationError; the catalogue is then as it was
   */
  async recordDeclared(): Promise<void> {
    const declarations = this.declared.list();
    await this.repository.exclusively(async (store) => {
      assertDeclarable(declarations, await store.list());
      await store.declare(declarations);
    });
  }

  /** @throws UnknownScopeError for handlers that ask for a scope neither declared nor stored */
  async onModuleInit(): Promise<void> {
    if (this.accessRules === undefined) return;
    const known = [...(await this.catalogue.list()), ...this.declared.list()];
    assertScopesKnown(this.accessRules.list(), new Set(known.map(({ name }) => name)));
  }
}
