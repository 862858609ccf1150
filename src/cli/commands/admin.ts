import type { Command } from 'commander';
import type { ManagedClient } from '../../clients/domain/managed-client.js';
import { isWorkingAdmin } from '../../clients/domain/working-admin.js';
import { toClientDto, toCreatedClientDto } from '../../clients/http/client.presenter.js';
import { resetAdmin, type ResetAdmin } from '../admin-reset.js';
import { showClient } from '../client-views.js';
import { confirmable, noun, verb, withOut, type Cli, type JsonOption } from '../command.js';
import { assertConfirmed, type ConfirmOption } from '../confirmation.js';
import { CliError, EXIT } from '../exit-code.js';
import { broughtSecret, type BroughtSecretOptions } from '../secret-input.js';
import { keepingSecret, tellSecret, withoutKept, type OutOption } from '../secret-output.js';
import type { Terminal } from '../terminal.js';
import { wholeNumber } from '../values.js';

/** `admin`: the ways in for administrators. */
export function addAdminCommands(program: Command, cli: Cli): void {
  const admin = noun(program, 'admin', 'the ways in for administrators', [
    'admin create --out ./admin-secret',
    'admin reset ops --out ./ops-secret',
  ]);
  addCreate(admin, cli);
  addReset(admin, cli);
}

interface CreateOptions extends JsonOption, OutOption {
  readonly clientId?: string;
  readonly clientName: string;
}

function addCreate(admin: Command, cli: Cli): void {
  const command = verb(admin, 'create', 'make a client with the scope read write admin', [
    'admin create',
    "admin create --client-name 'Ops team' --out ./ops-secret",
    'admin create --client-id ops --json',
  ])
    .option('--client-id <id>', 'an id of your own; left out, one is made')
    .option('--client-name <name>', 'what people call it', 'Admin');
  withOut(command).action((options: CreateOptions) => create(cli, options));
}

function create(cli: Cli, options: CreateOptions): Promise<void> {
  const { terminal, actor } = cli;
  const { clientId, clientName } = options;
  const wanted = { clientId, clientName, scopes: ['read', 'write', 'admin'] };
  return cli.runFirst(async ({ clients, settings }) => {
    const { client, issued } = await keepingSecret(
      options,
      (made) => made.issued.clientSecret,
      () => clients.create(wanted, actor),
    );
    const created = toCreatedClientDto(client, issued, settings.accessTokenTtlSeconds);
    const document = withoutKept(options, created);
    if (options.json) terminal.json(document);
    else showClient(terminal, document);
    tellSecret(terminal, options);
    terminal.next('info');
  });
}

interface ResetOptions extends JsonOption, OutOption, ConfirmOption, BroughtSecretOptions {
  readonly expiresPreviousIn?: number;
}

function addReset(admin: Command, cli: Cli): void {
  const command = verb(admin, 'reset <client_id>', 'the way back in: new secret, admin, enabled', [
    'admin reset ops --out ./ops-secret',
    'admin reset ops --secret-stdin < ./ops-secret',
    'admin reset ops --expires-previous-in 0 --confirm ops',
  ])
    .option('--secret-stdin', 'take the new secret from stdin')
    .option('--secret-file <file>', 'take the new secret from this file')
    .option('--expires-previous-in <seconds>', 'when the secrets before it end', wholeNumber);
  confirmable(withOut(command), 'the client id, with --expires-previous-in 0').action(
    async (clientId: string, options: ResetOptions) => {
      assertOneSource(options);
      if (options.expiresPreviousIn === 0) {
        const consequence = `The present secrets of the client ${clientId} stop working now.`;
        await assertConfirmed(cli.terminal, options, clientId, consequence);
      }
      await reset(cli, clientId, options);
    },
  );
}

function assertOneSource({ secretStdin, secretFile, out }: ResetOptions): void {
  const named = [secretStdin, secretFile, out].filter((value) => value !== undefined);
  if (named.length <= 1) return;
  throw new CliError(EXIT.usage, 'Give one of --secret-stdin, --secret-file and --out.');
}

async function reset(cli: Cli, clientId: string, options: ResetOptions): Promise<void> {
  const { terminal, actor } = cli;
  const brought = await broughtSecret(terminal, options);
  const wanted = {
    clientId,
    broughtSecret: brought,
    expiresPreviousInSeconds: options.expiresPreviousIn,
  };
  await cli.run(async ({ managedClients, settings }) => {
    const done = await keepingSecret(
      options,
      ({ clientSecret }) => clientSecret,
      () => resetAdmin(managedClients, wanted, actor),
    );
    const shown = toClientDto(done.client, settings.accessTokenTtlSeconds);
    const document = brought === undefined ? withSecret(shown, done, options) : shown;
    if (options.json) terminal.json(document);
    else showClient(terminal, document);
    if (brought === undefined) tellSecret(terminal, options);
    warnIfClosed(terminal, done.client);
    terminal.next('audit', 'list', '--client-id', clientId);
  });
}

function withSecret<Shown extends { readonly client_id: string }>(
  { client_id, ...rest }: Shown,
  { clientSecret }: ResetAdmin,
  options: OutOption,
) {
  return withoutKept(options, { client_id, client_secret: clientSecret, ...rest });
}

/** What a reset leaves alone can still be in the way. */
function warnIfClosed(terminal: Terminal, client: ManagedClient): void {
  if (isWorkingAdmin(client)) return;
  const { clientId, allowedIps, grantTypes } = client;
  if (allowedIps.length > 0) {
    terminal.note(`It is let in from ${allowedIps.join(', ')} alone. To open it to all:`);
    terminal.note(`  ${terminal.command('clients', 'update', clientId, '--allowed-ips', '')}`);
  }
  if (grantTypes.length === 0) {
    const words = ['clients', 'update', clientId, '--grant-types', 'client_credentials'];
    terminal.note('It may not get tokens: it has no grant. To give it the grant:');
    terminal.note(`  ${terminal.command(...words)}`);
  }
}
