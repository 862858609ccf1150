import { Module, type DynamicModule } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import {
  DeclaredScopes,
  FEATURE_SCOPES,
  ScopesFeature,
  type DescribedScopes,
} from './declared-scopes.js';
import { ScopeCatalogue } from './domain/scope-catalogue.js';
import { ScopesRepository } from './domain/scopes.repository.js';
import { ScopesService } from './domain/scopes.service.js';
import { ScopesController } from './http/scopes.controller.js';
import { ScopesAtStart } from './scopes-at-start.js';
import { ScopeEntity } from './storage/scope.entity.js';
import { TypeormScopeCatalogue } from './storage/typeorm-scope-catalogue.js';
import { TypeormScopesRepository } from './storage/typeorm-scopes.repository.js';

/** The catalogue of the scopes that exist. */
@Module({
  imports: [TypeOrmModule.forFeature([ScopeEntity])],
  controllers: [ScopesController],
  providers: [
    DeclaredScopes,
    ScopesAtStart,
    ScopesService,
    { provide: ScopeCatalogue, useClass: TypeormScopeCatalogue },
    { provide: ScopesRepository, useClass: TypeormScopesRepository },
  ],
  exports: [ScopeCatalogue, ScopesService],
})
export class ScopesModule {
  /**
   * Declares the scopes that a module brings. They are in the catalogue before the first request,
   * with the name of the module that imports this; its handlers can ask for them, and clients be
   * given them.
   *
   * ```ts
   * @Module({
   *   imports: [ScopesModule.forFeature({ 'invoices:read': 'Read invoices' })],
   *   controllers: [InvoicesController],
   * })
   * export class InvoicesModule {}
   * ```
   *
   * @param scopes each name (RFC 6749 §3.3) with one line on what it lets a client do
   */
  static forFeature(scopes: DescribedScopes): DynamicModule {
    return {
      module: ScopesFeature,
      providers: [{ provide: FEATURE_SCOPES, useValue: scopes }],
    };
  }
}
