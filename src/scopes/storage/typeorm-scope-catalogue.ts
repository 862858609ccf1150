import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { ScopeCatalogue, type Scope } from '../domain/scope-catalogue.js';
import { ScopeEntity } from './scope.entity.js';

/** The scope catalogue in PostgreSQL. */
@Injectable()
export class TypeormScopeCatalogue extends ScopeCatalogue {
  constructor(@InjectRepository(ScopeEntity) private readonly scopes: Repository<ScopeEntity>) {
    super();
  }

  override async list(): Promise<Scope[]> {
    const rows = await this.scopes.find({ order: { position: 'ASC' } });
    return rows.map(({ scope, description, builtIn }) => ({ name: scope, description, builtIn }));
  }
}
