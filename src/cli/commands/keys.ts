import type { Command } from 'commander';
import { stateOf, type SigningKey } from '../../signing-keys/domain/signing-key.js';
import type { SigningKeysService } from '../../signing-keys/domain/signing-keys.service.js';
import { confirmable, noun, verb, type Cli, type JsonOption } from '../command.js';
import { assertConfirmed, type ConfirmOption } from '../confirmation.js';
import { shownTime } from '../text.js';

/** `keys`: what signs the JWT access tokens. */
export function addKeysCommands(program: Command, cli: Cli): void {
  const keys = noun(program, 'keys', 'the keys that sign JWT access tokens', [
    'keys list',
    'keys rotate',
  ]);
  addList(keys, cli);
  addRotate(keys, cli);
}

function addList(keys: Command, cli: Cli): void {
  verb(keys, 'list', 'list the published keys: next, current and retired', [
    'keys list',
    'keys list --json | jq -r \'.items[] | select(.state == "current").kid\'',
  ]).action(({ json }: JsonOption) =>
    cli.run(async ({ signingKeys }) => {
      await show(cli, signingKeys, json);
      cli.terminal.next('keys', 'rotate');
    }),
  );
}

interface RotateOptions extends JsonOption, ConfirmOption {
  readonly force?: boolean;
}

function addRotate(keys: Command, cli: Cli): void {
  const command = verb(keys, 'rotate', 'let the next key sign, and publish another to follow it', [
    'keys rotate',
    'keys rotate --force --confirm CURRENT-KID',
  ]).option('--force', 'also to a key that other services can not know yet');
  confirmable(command, 'the kid of the current key, with --force').action(
    (options: RotateOptions) =>
      cli.run(async ({ signingKeys }) => {
        const { force = false, json } = options;
        if (force) await assertForced(cli, signingKeys, options);
        const rotated = await signingKeys.rotate(cli.actor, { force });
        if (!rotated) cli.terminal.note('Somebody else rotated them at this very moment.');
        await show(cli, signingKeys, json);
        cli.terminal.next('audit', 'list', '--action', 'signing_key.rotated');
      }),
  );
}

async function assertForced(
  { terminal }: Cli,
  service: SigningKeysService,
  options: RotateOptions,
): Promise<void> {
  const current = (await service.list()).find((key) => stateOf(key) === 'current');
  if (current === undefined) return;
  const consequence =
    'Services that check JWTs by themselves may refuse new tokens until they read the keys again.';
  await assertConfirmed(terminal, options, current.kid, consequence);
}

async function show({ terminal }: Cli, service: SigningKeysService, json = false): Promise<void> {
  const items = (await service.list()).map(toItem);
  if (json) return terminal.json({ items });
  terminal.table(
    ['KID', 'ALGORITHM', 'STATE', 'PUBLISHED', 'SIGNS SINCE', 'RETIRED'],
    items.map((item) => [
      item.kid,
      item.algorithm,
      item.state,
      shownTime(item.created_at, 'never'),
      shownTime(item.activated_at, 'not yet'),
      shownTime(item.retired_at, 'no'),
    ]),
  );
}

function toItem(key: SigningKey) {
  return {
    kid: key.kid,
    algorithm: key.algorithm,
    state: stateOf(key),
    created_at: key.createdAt.toISOString(),
    activated_at: key.activatedAt?.toISOString() ?? null,
    retired_at: key.retiredAt?.toISOString() ?? null,
  };
}
