import { Module } from '@nestjs/common';
import { AccessTokenReader } from './domain/access-token-reader.js';
import { AccessTokenSigner } from './domain/access-token-signer.js';
import { KeyRing } from './domain/key-ring.js';
import { SigningKeysRepository } from './domain/signing-keys.repository.js';
import { SigningKeysService } from './domain/signing-keys.service.js';
import { JwksController } from './http/jwks.controller.js';
import { SigningKeysKeeper } from './signing-keys.keeper.js';
import { PostgresSigningKeysRepository } from './storage/postgres-signing-keys.repository.js';

/** The keys that sign JWT access tokens, and the signing and checking with them. */
@Module({
  controllers: [JwksController],
  providers: [
    AccessTokenReader,
    AccessTokenSigner,
    KeyRing,
    SigningKeysKeeper,
    SigningKeysService,
    { provide: SigningKeysRepository, useClass: PostgresSigningKeysRepository },
  ],
  exports: [AccessTokenReader, AccessTokenSigner, SigningKeysService],
})
export class SigningKeysModule {}
