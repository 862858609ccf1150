import { Module, type DynamicModule } from '@nestjs/common';
import { LoggerModule } from 'nestjs-pino';
import type { Logger } from 'pino';
import { AccessRulesModule } from './access-rules/access-rules.module.js';
import { SETTINGS, SettingsModule } from './config/settings.module.js';
import type { Settings } from './config/settings.js';
import { DatabaseModule } from './database/database.module.js';
import { ErrorPagesModule } from './error-pages/error-pages.module.js';
import { HttpModule } from './http/http.module.js';
import { LocalTokenVerifier } from './oauth/local-token-verifier.js';
import { OAuthModule } from './oauth/oauth.module.js';
import { loggedError } from './operations/logger.js';
import { OperationsModule } from './operations/operations.module.js';
import { resourceMetadataUrl } from './protocol/well-known.js';
import { ResourceServerModule, type ResourceServerOptions } from './resource-server/index.js';
import { SigningKeysModule } from './signing-keys/signing-keys.module.js';

/** Joins the two halves: this API judges its tokens by the verifier of its own authorization server. */
const resourceServer = ResourceServerModule.forRootAsync({
  imports: [OAuthModule],
  inject: [LocalTokenVerifier, SETTINGS],
  useFactory: (verifier: LocalTokenVerifier, settings: Settings): ResourceServerOptions => ({
    verifier,
    audience: settings.defaultAudience,
    resourceMetadataUrl: resourceMetadataUrl(settings.publicUrl, settings.defaultAudience),
    errorPagesUrl: settings.publicUrl,
  }),
});

/** The application: the list of its features, and the one place that joins them. */
@Module({
  imports: [
    OAuthModule,
    // The order matters: access first, then the body.
    resourceServer,
    HttpModule,
    AccessRulesModule,
    OperationsModule,
    ErrorPagesModule,
    SigningKeysModule,
    // On one line, so that a feature goes by deleting its folder and its line.
    (await import('./payments/payments.module.js')).PaymentsModule,
  ],
})
export class AppModule {
  /**
   * @param settings with `databaseUrl` and `migrationDatabaseUrl` set, be it to the embedded one
   */
  static forRoot(settings: Settings, logger: Logger): DynamicModule {
    return {
      module: AppModule,
      imports: [
        SettingsModule.forRoot(settings),
        DatabaseModule.forRoot({
          url: settings.databaseUrl ?? '',
          poolSize: settings.dbPoolSize,
          timeoutMs: settings.dbTimeoutMs,
          pooler: settings.dbPooler,
        }),
        LoggerModule.forRoot({
          pinoHttp: { logger, serializers: { err: loggedError } },
          // A logger made for each request would cost a tenth of it; the logger knows the request.
          forRoutes: [],
        }),
      ],
    };
  }
}
