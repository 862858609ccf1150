import { Module, type DynamicModule, type Provider } from '@nestjs/common';
import { getDataSourceToken, TypeOrmModule } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { dataSourceOptions, type DatabaseConnection } from './data-source-options.js';
import { DatabaseProbe } from './database-probe.js';
import { SilentConnections } from './silent-connections.js';
import { Statements } from './statements.js';
import { TransactionTimeOuts } from './transaction-time-outs.js';

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
        {
          provide: DatabaseProbe,
          inject: [Statements],
          useFactory: (pooled: Statements) =>
            new DatabaseProbe(connection.url, pooled, connection.timeoutMs),
        },
        {
          provide: Statements,
          inject: [getDataSourceToken()],
          useFactory: (dataSource: DataSource) => new Statements(dataSource, connection),
        },
        subscribers(connection),
      ],
      exports: [DatabaseProbe, Statements],
    };
  }
}

/** What sees to each connection and transaction of TypeORM. */
function subscribers({ pooler, timeoutMs }: DatabaseConnection): Provider {
  return {
    provide: 'DATABASE_SUBSCRIBERS',
    inject: [getDataSourceToken()],
    useFactory: ({ subscribers: present }: DataSource) =>
      present.push(
        new SilentConnections(),
        ...(pooler === 'transaction' ? [new TransactionTimeOuts(timeoutMs)] : []),
      ),
  };
}
