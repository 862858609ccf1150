import { Option, type Command } from 'commander';
import { CLIENT_SORTS, type ClientSort } from '../../clients/domain/client-list.js';
import { decodeCursor } from '../../clients/http/client.cursor.js';
import {
  toClientDto,
  toClientListDto,
  toCreatedClientDto,
} from '../../clients/http/client.presenter.js';
import { changeOf, isNoChange, withClientOptions, type ClientOptions } from '../client-flags.js';
import { showClient, showClients } from '../client-views.js';
import { confirmable, noun, verb, withOut, type Cli, type JsonOption } from '../command.js';
import { assertConfirmed, type ConfirmOption } from '../confirmation.js';
import { CliError, EXIT } from '../exit-code.js';
import { keepingSecret, tellSecret, withoutKept, type OutOption } from '../secret-output.js';
import type { Services } from '../services.js';
import { instant, limit, trueOrFalse } from '../values.js';

/** `clients`: the OAuth apps. */
export function addClientsCommands(program: Command, cli: Cli): void {
  const clients = noun(program, 'clients', 'the OAuth apps', [
    'clients list',
    "clients create --client-name Billing --scope 'read write'",
    'clients show Xw3kPq81ZrTb',
  ]);
  addList(clients, cli);
  addCreate(clients, cli);
  addShow(clients, cli);
  addUpdate(clients, cli);
  addDisable(clients, cli);
  addEnable(clients, cli);
  addDelete(clients, cli);
}

interface ListOptions extends JsonOption {
  readonly q?: string;
  readonly scope?: string;
  readonly enabled?: boolean;
  readonly unusedSince?: Date;
  readonly secretExpiresBefore?: Date;
  readonly sort: ClientSort;
  readonly limit: number;
  readonly cursor?: string;
}

function addList(clients: Command, cli: Cli): void {
  verb(clients, 'list', 'list clients', [
    'clients list',
    'clients list --unused-since 2026-01-01',
    'clients list --secret-expires-before 2026-12-31 --sort client_name',
    "clients list --json | jq -r '.items[].client_id'",
  ])
    .option('--q <text>', 'a part of the name, or the start of the id')
    .option('--scope <name>', 'only those that may have this scope')
    .option('--enabled <bool>', 'only those that are switched on, or off', trueOrFalse)
    .option('--unused-since <time>', 'only those that have not been used since', instant)
    .option('--secret-expires-before <time>', 'only those whose secret ends before', instant)
    .addOption(
      new Option('--sort <order>', 'what to order by').choices(CLIENT_SORTS).default('-created_at'),
    )
    .option('--limit <number>', 'how many at most, to 200', limit, 50)
    .option('--cursor <cursor>', 'the next part of the list, as the part before named it')
    .action((options: ListOptions) => cli.run((services) => list(services, cli, options)));
}

async function list(
  { clients, settings }: Services,
  cli: Cli,
  options: ListOptions,
): Promise<void> {
  const { q: text, json, limit: most, cursor, ...filter } = options;
  const { sort } = filter;
  const after = cursor === undefined ? undefined : decodeCursor(sort, cursor);
  const page = await clients.list({ ...filter, text, after }, most);
  const document = toClientListDto(page, sort, settings.accessTokenTtlSeconds);
  if (json) return cli.terminal.json(document);
  showClients(cli.terminal, document.items);
  const { items, total, next_cursor: next } = document;
  cli.terminal.note(`${items.length} of ${total ?? 'more than 10000'}`);
  if (next !== null) cli.terminal.note(`The next part: the same with --cursor ${next}`);
  else cli.terminal.next('clients', 'show', items[0]?.client_id ?? 'CLIENT_ID');
}

interface CreateOptions extends ClientOptions, JsonOption, OutOption {
  readonly clientId?: string;
}

function addCreate(clients: Command, cli: Cli): void {
  const command = verb(clients, 'create', 'make a client with its first secret', [
    "clients create --client-name Billing --scope 'read write'",
    'clients create --client-name Reports --scope read --out ./reports-secret',
    'clients create --client-name Billing --scope read --json | jq -r .client_secret',
  ])
    .requiredOption('--client-name <name>', 'what people call it')
    .requiredOption('--scope <scopes>', 'the scopes that it may have, with blanks between')
    .option('--client-id <id>', 'an id of your own; left out, one is made');
  withOut(withClientOptions(command)).action((options: CreateOptions) =>
    cli.run((services) => create(services, cli, options)),
  );
}

async function create(
  { clients, settings }: Services,
  { terminal, actor }: Cli,
  options: CreateOptions,
): Promise<void> {
  const { clientId } = options;
  const { client, issued } = await keepingSecret(
    options,
    (made) => made.issued.clientSecret,
    () => clients.create({ clientId, ...changeOf(options) }, actor),
  );
  const created = toCreatedClientDto(client, issued, settings.accessTokenTtlSeconds);
  const document = withoutKept(options, created);
  if (options.json) terminal.json(document);
  else showClient(terminal, document);
  tellSecret(terminal, options);
  terminal.next('clients', 'show', client.clientId);
}

function addShow(clients: Command, cli: Cli): void {
  verb(clients, 'show <client_id>', 'show a client and its secrets, without themselves', [
    'clients show Xw3kPq81ZrTb',
    'clients show Xw3kPq81ZrTb --json | jq .scope',
  ]).action((clientId: string, { json }: JsonOption) =>
    cli.run(async ({ clients: service, settings }) => {
      const client = await service.get(clientId);
      const document = toClientDto(client, settings.accessTokenTtlSeconds);
      if (json) return cli.terminal.json(document);
      showClient(cli.terminal, document);
      cli.terminal.next('audit', 'list', '--client-id', clientId);
    }),
  );
}

function addUpdate(clients: Command, cli: Cli): void {
  const command = verb(clients, 'update <client_id>', 'change a client; what is left out stays', [
    'clients update Xw3kPq81ZrTb --scope read',
    'clients update Xw3kPq81ZrTb --allowed-ips 10.0.0.0/8,192.0.2.7',
    'clients update Xw3kPq81ZrTb --token-quota 100 --access-token-ttl default',
  ])
    .option('--client-name <name>', 'what people call it')
    .option('--scope <scopes>', 'the scopes that it may have, with blanks between');
  withClientOptions(command).action((clientId: string, options: ClientOptions & JsonOption) => {
    const change = changeOf(options);
    if (isNoChange(change)) {
      throw new CliError(EXIT.usage, 'Name a setting to change: see clients update --help.');
    }
    return cli.run(async (services) => {
      await services.clients.update(clientId, change, undefined, cli.actor);
      await showChanged(services, cli, clientId, options);
    });
  });
}

async function showChanged(
  { clients, settings }: Services,
  { terminal }: Cli,
  clientId: string,
  { json }: JsonOption,
): Promise<void> {
  const document = toClientDto(await clients.get(clientId), settings.accessTokenTtlSeconds);
  if (json) terminal.json(document);
  else showClient(terminal, document);
  terminal.next('audit', 'list', '--client-id', clientId, '--limit', '1');
}

type DangerousOptions = JsonOption & ConfirmOption;

function addDisable(clients: Command, cli: Cli): void {
  const command = verb(clients, 'disable <client_id>', 'switch a client off; its tokens die', [
    'clients disable Xw3kPq81ZrTb',
    'clients disable Xw3kPq81ZrTb --confirm Xw3kPq81ZrTb',
  ]);
  confirmable(command, 'the client id').action(
    async (clientId: string, options: DangerousOptions) => {
      await assertConfirmed(
        cli.terminal,
        options,
        clientId,
        `Every token of the client ${clientId} dies for good, and it gets no new ones.`,
      );
      await cli.run(async (services) => {
        await services.clients.update(clientId, { enabled: false }, undefined, cli.actor);
        await showStatus(services, cli, clientId, options);
        cli.terminal.next('clients', 'enable', clientId);
      });
    },
  );
}

function addEnable(clients: Command, cli: Cli): void {
  verb(clients, 'enable <client_id>', 'switch a client on again; it needs new tokens', [
    'clients enable Xw3kPq81ZrTb',
  ]).action((clientId: string, options: JsonOption) =>
    cli.run(async (services) => {
      await services.clients.update(clientId, { enabled: true }, undefined, cli.actor);
      await showStatus(services, cli, clientId, options);
      cli.terminal.next('clients', 'show', clientId);
    }),
  );
}

async function showStatus(
  { clients, settings }: Services,
  { terminal }: Cli,
  clientId: string,
  { json }: JsonOption,
): Promise<void> {
  const client = await clients.get(clientId);
  if (json) terminal.json(toClientDto(client, settings.accessTokenTtlSeconds));
  else terminal.note(`The client ${clientId} is ${client.enabled ? 'enabled' : 'disabled'}.`);
}

function addDelete(clients: Command, cli: Cli): void {
  const command = verb(clients, 'delete <client_id>', 'delete a client; its tokens die with it', [
    'clients delete Xw3kPq81ZrTb',
    'clients delete Xw3kPq81ZrTb --confirm Xw3kPq81ZrTb',
  ]);
  confirmable(command, 'the client id').action(
    async (clientId: string, options: DangerousOptions) => {
      await assertConfirmed(
        cli.terminal,
        options,
        clientId,
        `The client ${clientId} is deleted with its secrets and its tokens.`,
      );
      await cli.run((services) => services.clients.delete(clientId, undefined, cli.actor));
      if (options.json) cli.terminal.json({ client_id: clientId, deleted: true });
      cli.terminal.note(`The client ${clientId} is deleted.`);
      cli.terminal.next('clients', 'list');
    },
  );
}
