import { existsSync } from 'node:fs';
import type { Logger } from 'pino';
import type { FirstAdminOutcome } from '../clients/domain/first-admin.js';
import type { AdminSettings, Settings } from '../config/settings.js';
import { adminFile } from './admin-credentials.js';

/**
 * Says what came of the first admin client, in the log: never its secret.
 */
export function logFirstAdmin(logger: Logger, outcome: FirstAdminOutcome): void {
  switch (outcome.kind) {
    case 'made':
      logger.info({ client_id: outcome.credentials.clientId }, 'first admin client made');
      break;
    case 'exists':
      logger.debug({ client_id: outcome.clientId }, 'an admin client is there');
      break;
    case 'differs':
      logger.warn(
        { client_id: outcome.clientId },
        `The ADMIN_… settings were not applied: the client exists already, and ${outcome.what}`,
      );
      break;
    case 'none':
      logger.warn(
        'There is no admin client. Make one: npm run -s cli -- admin create (in the image: node dist/src/cli/main.js admin create)',
      );
  }
}

/**
 * The block that tells a person where everything is, with one line to paste that gets a token. The
 * secret of a client that was made just now is shown in it, this once.
 */
export function welcome(settings: Settings, outcome: FirstAdminOutcome): string {
  return [
    '',
    `  Postern is ready at  ${settings.publicUrl}`,
    `  Documentation        ${settings.publicUrl}/docs`,
    ...adminLines(settings, outcome),
    '',
    '  A token, to paste:',
    '',
    `  ${curlLine(settings)}`,
    '',
    '',
  ].join('\n');
}

function adminLines(settings: Settings, outcome: FirstAdminOutcome): string[] {
  const kept = settings.admin?.clientSecretFile ?? adminFile(settings);
  const where = existsSync(kept) ? [`  Admin client kept in ${kept}`] : [];
  switch (outcome.kind) {
    case 'made': {
      const { clientId, clientSecret } = outcome.credentials;
      const given = settings.admin?.clientSecret !== undefined;
      return [
        `  Admin client         ${clientId}`,
        ...(given ? [] : [`  Its secret           ${clientSecret}  (shown this once)`]),
        ...where,
      ];
    }
    case 'none':
      return ['  Admin client         none: make one with npm run -s cli -- admin create'];
    case 'exists':
      return [
        `  Admin client         ${outcome.clientId}, since ${outcome.createdAt.toISOString().slice(0, 10)}`,
        ...where,
      ];
    case 'differs':
      return [
        `  Admin client         ${outcome.clientId}, not as the settings say: ${outcome.what}`,
      ];
  }
}

/** One line to paste that gets the admin's token: it reads the secret from where that is kept. */
export function curlLine(settings: Settings): string {
  return `curl -X POST ${settings.publicUrl}/o/token/ -u "${credentials(settings)}" -d grant_type=client_credentials -d 'scope=read write admin'`;
}

/** What the shell puts in for id and secret, read from where they are kept. */
function credentials(settings: Settings): string {
  const { admin } = settings;
  if (admin === undefined) {
    const read = `c=JSON.parse(fs.readFileSync(process.argv[1])),c.client_id+":"+c.client_secret`;
    return `$(node -p '${read}' '${adminFile(settings).replaceAll("'", `'\\''`)}')`;
  }
  return `${admin.clientId}:${secretOf(admin)}`;
}

function secretOf({ clientSecretFile }: AdminSettings): string {
  return clientSecretFile === undefined
    ? '$ADMIN_CLIENT_SECRET'
    : `$(cat '${clientSecretFile.replaceAll("'", `'\\''`)}')`;
}
