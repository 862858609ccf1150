import type { Command } from 'commander';
import { toClientDto, toCreatedSecretDto } from '../../clients/http/client.presenter.js';
import { showDocument, showSecrets } from '../client-views.js';
import { confirmable, noun, verb, withOut, type Cli, type JsonOption } from '../command.js';
import { assertConfirmed, type ConfirmOption } from '../confirmation.js';
import { keepingSecret, tellSecret, withoutKept, type OutOption } from '../secret-output.js';
import { instant, wholeNumber } from '../values.js';

/** `secrets`: the secrets of a client. */
export function addSecretsCommands(program: Command, cli: Cli): void {
  const secrets = noun(program, 'secrets', 'the secrets of a client', [
    'secrets list Xw3kPq81ZrTb',
    'secrets rotate Xw3kPq81ZrTb --expires-previous-in 86400',
  ]);
  addRotate(secrets, cli);
  addList(secrets, cli);
  addDelete(secrets, cli);
}

interface RotateOptions extends JsonOption, ConfirmOption, OutOption {
  readonly expiresAt?: Date;
  readonly expiresPreviousIn?: number;
  readonly revokeTokens?: boolean;
}

function addRotate(secrets: Command, cli: Cli): void {
  const command = verb(secrets, 'rotate <client_id>', 'give a client a new secret', [
    'secrets rotate Xw3kPq81ZrTb --expires-previous-in 86400',
    'secrets rotate Xw3kPq81ZrTb --out ./billing-secret',
    'secrets rotate Xw3kPq81ZrTb --expires-previous-in 0 --revoke-tokens --confirm Xw3kPq81ZrTb',
  ])
    .option('--expires-at <time>', 'when the new secret ends; left out: never', instant)
    .option(
      '--expires-previous-in <seconds>',
      'when those before it end; 0: now; left out: as they would have',
      wholeNumber,
    )
    .option('--revoke-tokens', 'after a leak: the tokens got with those that end now die too');
  confirmable(withOut(command), 'the client id, where secrets end now').action(
    async (clientId: string, options: RotateOptions) => {
      await assertRotationConfirmed(cli, clientId, options);
      await rotate(cli, clientId, options);
    },
  );
}

async function assertRotationConfirmed(
  { terminal }: Cli,
  clientId: string,
  options: RotateOptions,
): Promise<void> {
  const { expiresPreviousIn, revokeTokens = false } = options;
  if (expiresPreviousIn !== 0 && !revokeTokens) return;
  const tokens = revokeTokens ? ', and the tokens got with them die' : '';
  await assertConfirmed(
    terminal,
    options,
    clientId,
    `The present secrets of the client ${clientId} stop working now${tokens}.`,
  );
}

async function rotate(cli: Cli, clientId: string, options: RotateOptions): Promise<void> {
  const { terminal, actor } = cli;
  const rotation = {
    expiresAt: options.expiresAt ?? null,
    expiresPreviousInSeconds: options.expiresPreviousIn,
    revokeTokens: options.revokeTokens ?? false,
  };
  await cli.run(async ({ secrets }) => {
    const issued = await keepingSecret(
      options,
      ({ clientSecret }) => clientSecret,
      () => secrets.rotate(clientId, rotation, actor),
    );
    const document = withoutKept(options, toCreatedSecretDto(issued));
    if (options.json) terminal.json(document);
    else showDocument(terminal, document);
  });
  tellSecret(terminal, options);
  terminal.next('secrets', 'list', clientId);
}

function addList(secrets: Command, cli: Cli): void {
  verb(secrets, 'list <client_id>', 'list the secrets of a client, without themselves', [
    'secrets list Xw3kPq81ZrTb',
    "secrets list Xw3kPq81ZrTb --json | jq '.items[] | {secret_id, last_used_at}'",
  ]).action((clientId: string, { json }: JsonOption) =>
    cli.run(async ({ clients, settings }) => {
      const client = await clients.get(clientId);
      const { secrets: items } = toClientDto(client, settings.accessTokenTtlSeconds);
      if (json) return cli.terminal.json({ items });
      showSecrets(cli.terminal, items);
      cli.terminal.next('secrets', 'rotate', clientId, '--expires-previous-in', '86400');
    }),
  );
}

interface DeleteOptions extends JsonOption, ConfirmOption {
  readonly revokeTokens?: boolean;
}

function addDelete(secrets: Command, cli: Cli): void {
  const command = verb(secrets, 'delete <client_id> <secret_id>', 'delete a secret', [
    'secrets list Xw3kPq81ZrTb',
    'secrets delete Xw3kPq81ZrTb 0b8e… --confirm Xw3kPq81ZrTb',
  ]).option('--revoke-tokens', 'after a leak: the tokens that were got with it die too');
  confirmable(command, 'the client id').action(
    async (clientId: string, secretId: string, options: DeleteOptions) => {
      const { revokeTokens = false, json } = options;
      await assertConfirmed(
        cli.terminal,
        options,
        clientId,
        `The secret ${secretId} of the client ${clientId} stops working now.`,
      );
      await cli.run(({ secrets: service }) =>
        service.delete(clientId, secretId, revokeTokens, cli.actor),
      );
      if (json) cli.terminal.json({ client_id: clientId, secret_id: secretId, deleted: true });
      cli.terminal.note(`The secret ${secretId} is deleted.`);
      cli.terminal.next('secrets', 'list', clientId);
    },
  );
}
