import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { ClientsModule } from '../clients/clients.module.js';
import { InvalidationModule } from '../invalidation/invalidation.module.js';
import { ScopesModule } from '../scopes/scopes.module.js';
import { SigningKeysModule } from '../signing-keys/signing-keys.module.js';
import { ClientAuthenticator } from './domain/client-authenticator.js';
import { FailedAttempts } from './domain/failed-attempts.js';
import { RefusalBeat } from './domain/refusal-beat.js';
import { TokenCounts } from './domain/token-counts.repository.js';
import { LiveTokens } from './domain/live-tokens.js';
import { TokenIntrospector } from './domain/token-introspector.js';
import { TokenReader } from './domain/token-reader.js';
import { TokenRevoker } from './domain/token-revoker.js';
import { TokenIssuer } from './domain/token-issuer.js';
import { TokenQuota } from './domain/token-quota.js';
import { TokensRepository } from './domain/tokens.repository.js';
import { ClientSecretsController } from './http/client-secrets.controller.js';
import { ClientCredentialsGuard } from './http/client-credentials.guard.js';
import { IntrospectionController } from './http/introspection.controller.js';
import { RevocationController } from './http/revocation.controller.js';
import { MetadataController } from './http/metadata.controller.js';
import { TokenController } from './http/token.controller.js';
import { LocalTokenVerifier } from './local-token-verifier.js';
import { PostgresTokenCounts } from './storage/postgres-token-counts.js';
import { PostgresTokensRepository } from './storage/postgres-tokens.repository.js';
import { TokenPartitionsKeeper } from './storage/token-partitions.keeper.js';

/** The authorization server: it authenticates clients and issues tokens. */
@Module({
  imports: [AuditModule, ClientsModule, InvalidationModule, ScopesModule, SigningKeysModule],
  controllers: [
    TokenController,
    RevocationController,
    IntrospectionController,
    ClientSecretsController,
    MetadataController,
  ],
  providers: [
    ClientAuthenticator,
    ClientCredentialsGuard,
    FailedAttempts,
    RefusalBeat,
    LiveTokens,
    LocalTokenVerifier,
    TokenIntrospector,
    TokenIssuer,
    TokenPartitionsKeeper,
    TokenQuota,
    TokenReader,
    TokenRevoker,
    { provide: TokenCounts, useClass: PostgresTokenCounts },
    { provide: TokensRepository, useClass: PostgresTokensRepository },
  ],
  exports: [LocalTokenVerifier],
})
export class OAuthModule {}
