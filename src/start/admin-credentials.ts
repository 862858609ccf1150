import { join } from 'node:path';
import type {
  AdminCredentials,
  FirstAdmin,
  FirstAdminOutcome,
} from '../clients/domain/first-admin.js';
import type { Settings } from '../config/settings.js';
import { keepPrivately } from '../secrets/private-file.js';

/** Where the first admin client of the embedded database is kept. */
export function adminFile({ dataDir }: Pick<Settings, 'dataDir'>): string {
  return join(dataDir, 'admin-client.json');
}

/**
 * Sees to it that there is an admin client: the one that the settings name, else on the embedded
 * database one that is made and kept in a file. On an external database nobody would find such a
 * file, so nothing is made there.
 */
export function ensureFirstAdmin(
  firstAdmin: FirstAdmin,
  settings: Settings,
  embedded: boolean,
): Promise<FirstAdminOutcome> {
  const { admin } = settings;
  if (admin !== undefined) {
    return firstAdmin.ensureWanted(admin, ({ clientSecret }) =>
      keepPrivately(admin.clientSecretFile ?? '', `${clientSecret}\n`),
    );
  }
  return firstAdmin.ensureAny(
    embedded ? (made) => keepInFile(adminFile(settings), made) : undefined,
  );
}

/** On the wire's own names, so that the file can be read by whoever knows those. */
async function keepInFile(file: string, made: AdminCredentials): Promise<void> {
  const content = { client_id: made.clientId, client_secret: made.clientSecret };
  await keepPrivately(file, `${JSON.stringify(content, null, 2)}\n`);
}
