import type { Logger } from 'pino';
import { AppModule } from '../app.module.js';
import { createApp } from '../app.setup.js';
import { FirstAdmin } from '../clients/domain/first-admin.js';
import type { Settings } from '../config/settings.js';
import { Draining } from '../operations/draining.js';
import { ensureFirstAdmin } from './admin-credentials.js';
import { logFirstAdmin, welcome } from './announcement.js';
import { Connections } from './connections.js';

/** What a server starts with. */
export interface ServerStart {
  /** With the database's URLs, be it to the embedded one. */
  readonly settings: Settings;
  /** Whether the database is the embedded one. */
  readonly embedded: boolean;
  /** Whether it is the one of its node that sees to the first admin, and says that all is ready. */
  readonly first: boolean;
}

/** A server that listens. */
export interface ListeningServer {
  /** How many connections it has accepted. */
  accepted(): number;
  /** From now on readiness says 503, while requests are still served. */
  drain(): void;
  /** Closes the listener, lets what runs be finished, and takes down the application. */
  close(): Promise<void>;
}

/**
 * Starts the application on a database that is up, and listens.
 *
 * @throws what `failureLines` can tell
 */
export async function startServer(
  { settings, embedded, first }: ServerStart,
  logger: Logger,
): Promise<ListeningServer> {
  const app = await createApp(AppModule.forRoot(settings, logger), settings);
  const firstAdmin = app.get(FirstAdmin, { strict: false });
  const outcome = first ? await ensureFirstAdmin(firstAdmin, settings, embedded) : undefined;
  if (outcome !== undefined) logFirstAdmin(logger, outcome);
  const connections = new Connections(app.getHttpServer());
  await app.listen(settings.port, settings.host);
  if (outcome !== undefined) {
    logger.info({ base_url: settings.publicUrl, docs_url: `${settings.publicUrl}/docs` }, 'ready');
    // For a person: where lines are collected by a program instead, the one above tells the same.
    if (embedded || process.stdout.isTTY) process.stdout.write(welcome(settings, outcome));
  }
  return {
    accepted: () => connections.accepted,
    drain: () => app.get(Draining).begin(),
    close: async () => {
      await connections.close(settings.shutdownGraceMs);
      await app.close();
    },
  };
}
