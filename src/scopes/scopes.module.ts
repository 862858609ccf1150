import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ScopeCatalogue } from './domain/scope-catalogue.js';
import { ScopeEntity } from './storage/scope.entity.js';
import { TypeormScopeCatalogue } from './storage/typeorm-scope-catalogue.js';

/** The catalogue of the scopes that exist. */
@Module({
  imports: [TypeOrmModule.forFeature([ScopeEntity])],
  providers: [{ provide: ScopeCatalogue, useClass: TypeormScopeCatalogue }],
  exports: [ScopeCatalogue],
})
export class ScopesModule {}
