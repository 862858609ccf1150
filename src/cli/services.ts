import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AuditTrail } from '../audit/domain/audit-trail.js';
import { ClientsService } from '../clients/domain/clients.service.js';
import { ManagedClientsRepository } from '../clients/domain/managed-clients.repository.js';
import { SecretsService } from '../clients/domain/secrets.service.js';
import type { Settings } from '../config/settings.js';
import { openDatabase, type OpenDatabase } from '../database/open-database.js';
import { Statements } from '../database/statements.js';
import { ScopesService } from '../scopes/domain/scopes.service.js';
import { SigningKeysService } from '../signing-keys/domain/signing-keys.service.js';
import { foundSettings } from '../start/found-settings.js';
import { CliModule } from './cli.module.js';
import { assertDatabaseMade } from './made-database.js';

/** What commands work with: the services of the server, on its database. */
export interface Services {
  readonly settings: Settings;
  readonly clients: ClientsService;
  readonly secrets: SecretsService;
  readonly scopes: ScopesService;
  readonly signingKeys: SigningKeysService;
  readonly trail: AuditTrail;
  readonly managedClients: ManagedClientsRepository;
  readonly statements: Statements;
  /** Whether the database is the embedded one. */
  readonly embedded: boolean;
}

/** How a command meets the database. */
export interface Visit {
  /** Whether it may be the first one to use the database, and make the schema. */
  readonly mayBeEmpty: boolean;
  readonly onProgress: (message: string) => void;
}

/**
 * Lends the services for the length of a task, and lets go of the database however it ends: also
 * where the process is told to stop meanwhile.
 *
 * @throws CliError where there is no database yet; what opening it or the task throws
 */
export async function withServices<Result>(
  settings: Settings,
  { mayBeEmpty, onProgress }: Visit,
  task: (services: Services) => Promise<Result>,
): Promise<Result> {
  if (!mayBeEmpty) await assertDatabaseMade(settings, onProgress);
  const opening = openDatabase(settings, onProgress);
  const release = releaseOnSignals(opening);
  try {
    return await withContext(await opening, task);
  } finally {
    release();
  }
}

async function withContext<Result>(
  database: OpenDatabase,
  task: (services: Services) => Promise<Result>,
): Promise<Result> {
  try {
    const settings = await foundSettings(database);
    const context = await NestFactory.createApplicationContext(CliModule.forRoot(settings), {
      logger: false,
      abortOnError: false,
    });
    try {
      return await task(servicesOf(context, settings, database.embedded));
    } finally {
      await context.close();
    }
  } finally {
    await database.close();
  }
}

function servicesOf(
  context: INestApplicationContext,
  settings: Settings,
  embedded: boolean,
): Services {
  const anywhere = { strict: false };
  return {
    settings,
    embedded,
    clients: context.get(ClientsService, anywhere),
    secrets: context.get(SecretsService, anywhere),
    scopes: context.get(ScopesService, anywhere),
    signingKeys: context.get(SigningKeysService, anywhere),
    trail: context.get(AuditTrail, anywhere),
    managedClients: context.get(ManagedClientsRepository, anywhere),
    statements: context.get(Statements, anywhere),
  };
}

const SIGNALS = { SIGINT: 130, SIGTERM: 143 } as const;

/** Without this a Ctrl-C would leave an embedded database running that nobody holds. */
function releaseOnSignals(opening: Promise<OpenDatabase>): () => void {
  let stopping = false;
  const stop = async (exitCode: number): Promise<void> => {
    try {
      await (await opening).close();
    } finally {
      process.exit(exitCode);
    }
  };
  const onSignal = (signal: NodeJS.Signals): void => {
    // npm hands on what the terminal has sent to all.
    if (stopping) return;
    stopping = true;
    stop(signal === 'SIGINT' ? SIGNALS.SIGINT : SIGNALS.SIGTERM).catch(() => undefined);
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return () => {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  };
}
