import { Module, type DynamicModule } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_PIPE } from '@nestjs/core';
import { LoggerModule } from 'nestjs-pino';
import type { Logger } from 'pino';
import { SETTINGS, SettingsModule } from './config/settings.module.js';
import type { Settings } from './config/settings.js';
import { DatabaseModule } from './database/database.module.js';
import { ErrorPagesModule } from './error-pages/error-pages.module.js';
import { ErrorFilter } from './errors/error.filter.js';
import { JsonBodyGuard } from './http/json-body.guard.js';
import type { IdentifiedRequest } from './http/request-id.js';
import { RequestValidationPipe } from './http/request-validation.pipe.js';
import { LocalTokenVerifier } from './oauth/local-token-verifier.js';
import { OAuthModule } from './oauth/oauth.module.js';
import { OperationsModule } from './operations/operations.module.js';
import { resourceMetadataUrl } from './protocol/well-known.js';
import { ResourceServerModule, type ResourceServerOptions } from './resource-server/index.js';

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
    resourceServer,
    OperationsModule,
    ErrorPagesModule,
    // On one line, so that a feature goes by deleting its folder and its line.
    (await import('./payments/payments.module.js')).PaymentsModule,
  ],
  providers: [
    // After the guard for scopes, which the resource server brings: access first, then the body.
    { provide: APP_GUARD, useClass: JsonBodyGuard },
    { provide: APP_PIPE, useClass: RequestValidationPipe },
    {
      provide: APP_FILTER,
      inject: [SETTINGS],
      useFactory: ({ publicUrl }: Settings) => new ErrorFilter(publicUrl),
    },
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
          pinoHttp: {
            logger,
            autoLogging: false,
            quietReqLogger: true,
            genReqId: (request) => (request as IdentifiedRequest).id,
            customAttributeKeys: { reqId: 'request_id' },
          },
        }),
      ],
    };
  }
}
