import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import type { ClientsService } from '../../clients/domain/clients.service.js';
import { isWorkingAdmin } from '../../clients/domain/working-admin.js';
import { packageVersion } from '../../config/package-version.js';
import type { Settings } from '../../config/settings.js';
import { adminFile } from '../../start/admin-credentials.js';
import { curlLine } from '../../start/announcement.js';
import { verb, type Cli, type JsonOption } from '../command.js';
import type { Services } from '../services.js';
import type { Terminal } from '../terminal.js';

/** Administrators are few; who has more sees them with `clients list`. */
const MOST_ADMINS = 200;

/** `info`: where everything is. */
export function addInfoCommand(program: Command, cli: Cli): void {
  verb(program, 'info', 'where everything is, and a line that gets a token', [
    'info',
    "info --json | jq -r '.admin_clients[].client_id'",
  ]).action(({ json }: JsonOption) =>
    cli.runFirst(async (services) => {
      const info = await gathered(services);
      if (json) return cli.terminal.json(info);
      show(cli.terminal, info);
      if (info.admin_clients.length === 0) cli.terminal.next('admin', 'create');
      else cli.terminal.next('clients', 'list');
    }),
  );
}

type Info = Awaited<ReturnType<typeof gathered>>;

const APPLIED = 'SELECT name FROM schema_migration ORDER BY id';

async function gathered({ settings, clients, statements, embedded }: Services) {
  const admins = await adminClients(clients);
  const file = adminFileOf(settings);
  const applied = await statements.run<{ name: string }>({ text: APPLIED }, []);
  return {
    base_url: settings.publicUrl,
    docs_url: `${settings.publicUrl}/docs`,
    version: packageVersion(),
    database: databaseOf(settings, embedded),
    migrations: { applied: applied.length, latest: applied.at(-1)?.name ?? null },
    admin_clients: admins,
    admin_file: file,
    token_command: tokenCommand(settings, file.exists ? undefined : admins[0]?.client_id),
  };
}

/** Where it is; never its password, nor its user. */
function databaseOf({ databaseUrl = '', dataDir }: Settings, embedded: boolean) {
  if (embedded) return { kind: 'embedded', location: dataDir };
  const { host, pathname, searchParams } = new URL(databaseUrl);
  const server = host === '' ? (searchParams.get('host') ?? '') : host;
  return { kind: 'external', location: `${server}${pathname}` };
}

async function adminClients(clients: ClientsService) {
  const page = await clients.list({ scope: 'admin', sort: 'created_at' }, MOST_ADMINS);
  return page.clients.map((client) => ({
    client_id: client.clientId,
    client_name: client.clientName,
    since: client.createdAt.toISOString(),
    working: isWorkingAdmin(client),
  }));
}

/** The file that the first admin's secret was written to, where one was. */
function adminFileOf(settings: Settings) {
  const path = settings.admin?.clientSecretFile ?? adminFile(settings);
  return { path, exists: existsSync(path) };
}

/**
 * The line that the server's own welcome tells, so that there is one of it.
 *
 * @param clientId of an admin client whose secret is in no file: the line takes it from the shell
 */
function tokenCommand(settings: Settings, clientId: string | undefined): string {
  const admin =
    clientId === undefined
      ? settings.admin
      : { clientId, clientSecret: undefined, clientSecretFile: undefined };
  return curlLine({ ...settings, admin });
}

function show(terminal: Terminal, info: Info): void {
  const { database, migrations, admin_clients: admins, admin_file: file } = info;
  terminal.fields([
    ['Base URL', info.base_url],
    ['Documentation', info.docs_url],
    ['Version', info.version],
    ['Database', `${database.kind}, ${database.location}`],
    ['Migrations', `${migrations.applied} applied, the latest ${migrations.latest ?? 'none'}`],
    ...admins.map(({ client_id: clientId, since, working }): [string, string] => [
      'Admin client',
      `${clientId}, since ${since.slice(0, 10)}${working ? '' : ' (does not work)'}`,
    ]),
    ...(admins.length === 0 ? [['Admin client', 'none'] as const] : []),
    ['Admin file', file.exists ? file.path : `none at ${file.path}`],
    ['Get a token', info.token_command],
  ]);
}
