import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Settings } from '../config/settings.js';
import { openDatabase } from '../database/open-database.js';
import { foundSettings } from './found-settings.js';
import { startServer } from './server.js';
import type { Running } from './endings.js';

/**
 * Serves in this process alone. A stop turns readiness to 503 while requests are still served, then
 * the listener closes, what runs is finished, and the pool and the embedded database go last.
 *
 * @throws what `failureLines` can tell; nothing is left running then
 */
export async function serveAlone(settings: Settings, logger: Logger): Promise<Running> {
  const database = await openDatabase(settings, (message) => logger.info(message));
  try {
    const { embedded } = database;
    const start = { settings: await foundSettings(database), embedded, first: true };
    const server = await startServer(start, logger);
    return {
      stop: async () => {
        server.drain();
        await delay(settings.shutdownDrainMs);
        await server.close();
        await database.close();
      },
      kill: () => undefined,
    };
  } catch (error) {
    await database.close();
    throw error;
  }
}
