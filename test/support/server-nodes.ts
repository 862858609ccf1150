import { generateClientSecret } from '../../src/clients/domain/client-secret.js';
import type { StoredClient } from './builders.js';
import type { TestDatabase } from './database.js';
import { startProcess, type ServerProcess } from './server.js';

/** Several processes of the built server over one database. */
export interface ServerNodes {
  readonly nodes: readonly ServerProcess[];
  /** The first admin client, which each was told of. */
  readonly admin: StoredClient;
  /** Stops those that still run; gives their exit statuses. */
  stop(): Promise<(number | null)[]>;
}

/**
 * Starts {@link ServerNodes} at once, all with one public address, and waits until each is ready.
 *
 * @param environments the settings of each, beside those that all have: so can the one go to the
 *   database through a proxy, the other through a pooler. Migrations go to it directly.
 */
export async function startServerNodes(
  database: Pick<TestDatabase, 'url'>,
  environments: readonly Record<string, string>[],
): Promise<ServerNodes> {
  const admin = { clientId: 'test-admin', clientSecret: generateClientSecret() };
  const starts = await Promise.allSettled(
    environments.map((environment) =>
      startProcess({
        DATABASE_URL: database.url,
        MIGRATION_DATABASE_URL: database.url,
        PUBLIC_URL: 'http://nodes.postern.test',
        ADMIN_CLIENT_ID: admin.clientId,
        ADMIN_CLIENT_SECRET: admin.clientSecret,
        SHUTDOWN_DRAIN_MS: '0',
        ...environment,
      }),
    ),
  );
  const nodes = starts.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []));
  const stop = () => Promise.all(nodes.map((node) => node.stop()));
  const failed = starts.find((start) => start.status === 'rejected');
  if (failed !== undefined) {
    await stop();
    throw failed.reason;
  }
  return { nodes, admin, stop };
}
