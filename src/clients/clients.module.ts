import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ClientsRepository } from './domain/clients.repository.js';
import { FirstAdmin } from './domain/first-admin.js';
import { ClientSecretEntity } from './storage/client-secret.entity.js';
import { ClientEntity } from './storage/client.entity.js';
import { PostgresClientsRepository } from './storage/postgres-clients.repository.js';

/** The OAuth apps and their secrets. */
@Module({
  imports: [TypeOrmModule.forFeature([ClientEntity, ClientSecretEntity])],
  providers: [FirstAdmin, { provide: ClientsRepository, useClass: PostgresClientsRepository }],
  exports: [ClientsRepository, FirstAdmin],
})
export class ClientsModule {}
