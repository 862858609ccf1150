import type { Command } from 'commander';
import {
  isScopeDescription,
  isScopeName,
  LONGEST_SCOPE_DESCRIPTION,
  LONGEST_SCOPE_NAME,
} from '../../scopes/domain/scope.js';
import type { ScopeDto } from '../../scopes/http/dto/scope.dto.js';
import { toScopeDto } from '../../scopes/http/scope.presenter.js';
import { showDocument } from '../client-views.js';
import { confirmable, noun, verb, type Cli, type JsonOption } from '../command.js';
import { assertConfirmed, type ConfirmOption } from '../confirmation.js';
import { CliError, EXIT } from '../exit-code.js';

/** `scopes`: the catalogue of what clients can be given. */
export function addScopesCommands(program: Command, cli: Cli): void {
  const scopes = noun(program, 'scopes', 'what clients can be given', [
    'scopes list',
    "scopes create invoices:read --description 'Read invoices'",
  ]);
  addList(scopes, cli);
  addCreate(scopes, cli);
  addUpdate(scopes, cli);
  addDelete(scopes, cli);
}

function addList(scopes: Command, cli: Cli): void {
  verb(scopes, 'list', 'list the scopes that exist', [
    'scopes list',
    "scopes list --json | jq -r '.items[].scope'",
  ]).action(({ json }: JsonOption) =>
    cli.run(async ({ scopes: service }) => {
      const items = (await service.list()).map(toScopeDto);
      if (json) return cli.terminal.json({ items });
      const rows = items.map((scope) => [scope.scope, originOf(scope), scope.description]);
      cli.terminal.table(['SCOPE', 'FROM', 'DESCRIPTION'], rows);
      cli.terminal.next('scopes', 'create', 'invoices:read', '--description', 'Read invoices');
    }),
  );
}

function originOf({ built_in: builtIn, declared_by: declaredBy }: ScopeDto): string {
  return builtIn ? 'built in' : (declaredBy ?? 'administrator');
}

interface DescribedOptions extends JsonOption {
  readonly description: string;
}

function addCreate(scopes: Command, cli: Cli): void {
  verb(scopes, 'create <scope>', 'make a scope', [
    "scopes create invoices:read --description 'Read invoices'",
  ])
    .requiredOption('--description <text>', 'what it lets a client do, in one line')
    .action((name: string, { description, json }: DescribedOptions) => {
      assertName(name);
      assertDescription(description);
      return cli.run(async ({ scopes: service }) => {
        show(cli, toScopeDto(await service.create({ name, description }, cli.actor)), json);
        cli.terminal.next('clients', 'update', 'CLIENT_ID', '--scope', `read ${name}`);
      });
    });
}

function addUpdate(scopes: Command, cli: Cli): void {
  verb(scopes, 'update <scope>', 'describe a scope anew', [
    "scopes update invoices:read --description 'Read all invoices'",
  ])
    .requiredOption('--description <text>', 'what it lets a client do, in one line')
    .action((name: string, { description, json }: DescribedOptions) => {
      assertDescription(description);
      return cli.run(async ({ scopes: service }) => {
        show(cli, toScopeDto(await service.describe(name, description, cli.actor)), json);
        cli.terminal.next('scopes', 'list');
      });
    });
}

function addDelete(scopes: Command, cli: Cli): void {
  const command = verb(scopes, 'delete <scope>', 'delete a scope that no client has', [
    'scopes delete invoices:read',
    'scopes delete invoices:read --confirm invoices:read',
  ]);
  confirmable(command, 'the scope').action(
    async (name: string, options: JsonOption & ConfirmOption) => {
      await assertConfirmed(
        cli.terminal,
        options,
        name,
        `The scope ${name} is deleted. A server whose own code asks for it will not start.`,
      );
      await cli.run(({ scopes: service }) => service.delete(name, cli.actor));
      if (options.json) cli.terminal.json({ scope: name, deleted: true });
      cli.terminal.note(`The scope ${name} is deleted.`);
      cli.terminal.next('scopes', 'list');
    },
  );
}

function show({ terminal }: Cli, scope: ScopeDto, json = false): void {
  if (json) terminal.json(scope);
  else showDocument(terminal, scope);
}

/** What a body of the API has been checked for by its validation. */
function assertName(name: string): void {
  if (isScopeName(name)) return;
  throw new CliError(
    EXIT.usage,
    `SCOPE must be 1 to ${LONGEST_SCOPE_NAME} printable ASCII characters without blank, quotation mark and backslash, and not just dots.`,
  );
}

function assertDescription(description: string): void {
  if (isScopeDescription(description)) return;
  throw new CliError(
    EXIT.usage,
    `--description must be 1 to ${LONGEST_SCOPE_DESCRIPTION} characters, not blank, without control characters.`,
  );
}
