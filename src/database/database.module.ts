import { Module, type DynamicModule } from '@nestjs/common';
import { getDataSourceToken, TypeOrmModule } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { dataSourceOptions, type DatabaseConnection } from './data-source-options.js';
import { DatabaseProbe } from './database-probe.js';
import { Statements } from './statements.js';

/** Opens the data source; a feature adds its entities with `TypeOrmModule.forFeature`. */
@Module({})
export class DatabaseModule {
  static forRoot(connection: DatabaseConnection): DynamicModule {
    return {
      module: DatabaseModule,
      global: true,
      imports: [
        TypeOrmModule.forRoot({
          ...dataSourceOptions(connection),
          autoLoadEntities: true,
          // The start has waited for the database already: a failure here is worth an end at once.
          retryAttempts: 0,
        }),
      ],
      providers: [
        { provide: DatabaseProbe, useValue: new DatabaseProbe(connection.url) },
        {
          provide: Statements,
          inject: [getDataSourceToken()],
          useFactory: (dataSource: DataSource) =>
            new Statements(dataSource, connection.pooler === 'none'),
        },
      ],
      exports: [DatabaseProbe, Statements],
    };
  }
}
