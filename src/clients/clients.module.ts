import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ClientsRepository } from './domain/clients.repository.js';
import { ClientsService } from './domain/clients.service.js';
import { InvalidationModule } from '../invalidation/invalidation.module.js';
import { FirstAdmin } from './domain/first-admin.js';
import { KnownClients } from './domain/known-clients.js';
import { ManagedClientsRepository } from './domain/managed-clients.repository.js';
import { SecretsService } from './domain/secrets.service.js';
import { UsageRecorder } from './domain/usage-recorder.js';
import { UsageRepository } from './domain/usage.repository.js';
import { ClientsController } from './http/clients.controller.js';
import { SecretsController } from './http/secrets.controller.js';
import { ClientSecretEntity } from './storage/client-secret.entity.js';
import { ClientEntity } from './storage/client.entity.js';
import { PostgresClientsRepository } from './storage/postgres-clients.repository.js';
import { PostgresManagedClientsRepository } from './storage/postgres-managed-clients.repository.js';
import { PostgresUsageRepository } from './storage/postgres-usage.repository.js';

/** The OAuth apps and their secrets, and how they are administered. */
@Module({
  imports: [InvalidationModule, TypeOrmModule.forFeature([ClientEntity, ClientSecretEntity])],
  controllers: [ClientsController, SecretsController],
  providers: [
    ClientsService,
    FirstAdmin,
    KnownClients,
    SecretsService,
    UsageRecorder,
    { provide: ClientsRepository, useClass: PostgresClientsRepository },
    { provide: ManagedClientsRepository, useClass: PostgresManagedClientsRepository },
    { provide: UsageRepository, useClass: PostgresUsageRepository },
  ],
  exports: [ClientsService, FirstAdmin, KnownClients, SecretsService, UsageRecorder],
})
export class ClientsModule {}
