import { setTimeout as delay } from 'node:timers/promises';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Logger } from 'pino';
import { AppModule } from './app.module.js';
import { createApp } from './app.setup.js';
import { FirstAdmin } from './clients/domain/first-admin.js';
import { loadSettings, type Settings } from './config/settings.js';
import { openDatabase, type OpenDatabase } from './database/open-database.js';
import { Draining } from './operations/draining.js';
import { createLogger } from './operations/logger.js';
import { ensureFirstAdmin } from './start/admin-credentials.js';
import { logFirstAdmin, welcome } from './start/announcement.js';
import { foundSettings } from './start/found-settings.js';
import { failureLines } from './start/failure.js';
import { Connections } from './start/connections.js';

/** A Ctrl-C reaches the server twice where npm or nest hands on what the terminal has sent to all. */
const ECHO_MS = 1000;

/** Starts the server, and sees to its end. */
async function main(): Promise<void> {
  const settings = loadSettings(process.env);
  const logger = createLogger(settings.logLevel);
  const started = start(settings, logger);
  // From here on: a start that is cut short would leave the embedded database running.
  stopOnSignals(started, settings, logger);
  await started;
}

async function start(settings: Settings, logger: Logger): Promise<Running> {
  const database = await openDatabase(settings, (message) => logger.info(message));
  try {
    return await serve(settings, logger, database);
  } catch (error) {
    await database.close();
    throw error;
  }
}

async function serve(settings: Settings, logger: Logger, database: OpenDatabase): Promise<Running> {
  const { embedded } = database;
  const found = await foundSettings(settings, database);
  const app = await createApp(AppModule.forRoot(found, logger), found);
  const outcome = await ensureFirstAdmin(app.get(FirstAdmin, { strict: false }), found, embedded);
  logFirstAdmin(logger, outcome);
  const connections = new Connections(app.getHttpServer());
  await app.listen(settings.port, settings.host);
  logger.info({ base_url: settings.publicUrl, docs_url: `${settings.publicUrl}/docs` }, 'ready');
  // For a person: where lines are collected by a program instead, the one above tells the same.
  if (embedded || process.stdout.isTTY) process.stdout.write(welcome(settings, outcome));
  return { app, connections, database };
}

/** What a start has brought up, and a stop takes down. */
interface Running {
  readonly app: NestExpressApplication;
  readonly connections: Connections;
  readonly database: OpenDatabase;
}

/**
 * On SIGTERM or SIGINT: readiness turns to 503 while requests are still served, then the listener
 * closes, what runs is finished, and the pool and the embedded database go last. A second signal
 * ends the process at once.
 */
function stopOnSignals(started: Promise<Running>, settings: Settings, logger: Logger): void {
  const stop = async (signal: NodeJS.Signals): Promise<void> => {
    logger.info({ signal }, 'stopping');
    const { app, connections, database } = await started;
    app.get(Draining).begin();
    await delay(settings.shutdownDrainMs);
    await connections.close(settings.shutdownGraceMs);
    await app.close();
    await database.close();
    logger.info('stopped');
    process.exit(0);
  };
  let begunAt: number | undefined;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (begunAt === undefined) {
      begunAt = performance.now();
      stop(signal).catch(fail);
    } else if (performance.now() - begunAt > ECHO_MS) {
      process.exit(1);
    }
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}

function fail(error: unknown): never {
  process.stderr.write(`${failureLines(error)}\n`);
  process.exit(1);
}

main().catch(fail);
