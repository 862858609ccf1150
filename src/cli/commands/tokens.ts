import type { Command } from 'commander';
import { confirmable, noun, verb, type Cli, type JsonOption } from '../command.js';
import { assertConfirmed, type ConfirmOption } from '../confirmation.js';

/** `tokens`: the tokens that a client has. */
export function addTokensCommands(program: Command, cli: Cli): void {
  const tokens = noun(program, 'tokens', 'the tokens that a client has', [
    'tokens revoke Xw3kPq81ZrTb',
  ]);
  const command = verb(tokens, 'revoke <client_id>', 'kill every token issued until now', [
    'tokens revoke Xw3kPq81ZrTb',
    'tokens revoke Xw3kPq81ZrTb --confirm Xw3kPq81ZrTb',
  ]);
  confirmable(command, 'the client id').action(
    async (clientId: string, options: JsonOption & ConfirmOption) => {
      await assertConfirmed(
        cli.terminal,
        options,
        clientId,
        `Every token of the client ${clientId} dies; it can get new ones.`,
      );
      await cli.run(({ clients }) => clients.revokeTokens(clientId, cli.actor));
      if (options.json) cli.terminal.json({ client_id: clientId, tokens_revoked: true });
      cli.terminal.note(`The tokens of the client ${clientId} are dead.`);
      cli.terminal.next('secrets', 'rotate', clientId, '--expires-previous-in', '0');
    },
  );
}
