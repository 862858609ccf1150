import { Catch, Global, Module } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, DiscoveryModule } from '@nestjs/core';
import { DomainError } from '../errors/domain-error.js';
import { ErrorFilter } from '../errors/error.filter.js';
import { AccessRulesCheck } from './access-rules.check.js';
import { AccessRules } from './access-rules.js';
import {
  ConfigurableModuleClass,
  RESOURCE_SERVER_OPTIONS,
  type ResourceServerOptions,
} from './resource-server.options.js';
import { ScopesGuard } from './scopes.guard.js';
import { TokenGate } from './token-gate.js';

/** Writes the refusals of the guard; what else an application throws is left to its own filters. */
@Catch(DomainError)
class RefusalFilter extends ErrorFilter {}

/**
 * Makes an application a resource server: every handler is guarded by its access rule, and the
 * start stops where one has none. The guard is global, and so are the {@link AccessRules} and the
 * {@link TokenGate} that any module can ask for.
 *
 * ```ts
 * ResourceServerModule.forRoot({ verifier, audience: 'https://api.example.com' })
 * ```
 */
@Global()
@Module({
  imports: [DiscoveryModule],
  providers: [
    AccessRules,
    AccessRulesCheck,
    TokenGate,
    { provide: APP_GUARD, useClass: ScopesGuard },
    {
      provide: APP_FILTER,
      inject: [RESOURCE_SERVER_OPTIONS],
      useFactory: (options: ResourceServerOptions) =>
        new RefusalFilter({ pagesUrl: options.errorPagesUrl ?? '' }),
    },
  ],
  exports: [AccessRules, TokenGate],
})
export class ResourceServerModule extends ConfigurableModuleClass {}
