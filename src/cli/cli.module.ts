import { Module, type DynamicModule } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { ClientsModule } from '../clients/clients.module.js';
import { SettingsModule } from '../config/settings.module.js';
import type { Settings } from '../config/settings.js';
import { DatabaseModule } from '../database/database.module.js';
import { ScopesModule } from '../scopes/scopes.module.js';
import { SigningKeysModule } from '../signing-keys/signing-keys.module.js';

/** A command does one thing after the other. */
const CONNECTIONS = 2;

/** What commands need of the application: no routes are served, and no scopes declared. */
@Module({ imports: [ClientsModule, ScopesModule, SigningKeysModule, AuditModule] })
export class CliModule {
  /**
   * @param settings with `databaseUrl` and `migrationDatabaseUrl` set, be it to the embedded one
   */
  static forRoot(settings: Settings): DynamicModule {
    return {
      module: CliModule,
      imports: [
        SettingsModule.forRoot(settings),
        DatabaseModule.forRoot({
          url: settings.databaseUrl ?? '',
          poolSize: CONNECTIONS,
          timeoutMs: settings.dbTimeoutMs,
          pooler: settings.dbPooler,
        }),
      ],
    };
  }
}
