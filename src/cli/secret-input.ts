import { readFile } from 'node:fs/promises';
import { CliError, EXIT } from './exit-code.js';
import type { Terminal } from './terminal.js';

/** Where a secret comes from that is brought along; never an option's value, which `ps` shows. */
export interface BroughtSecretOptions {
  readonly secretStdin?: boolean;
  readonly secretFile?: string;
}

/** As the settings take it for the first admin. */
const CLIENT_SECRET = /^[A-Za-z0-9._~-]{32,128}$/;

/**
 * Reads a secret that is brought along.
 *
 * @returns undefined where none is
 * @throws CliError where it can't be read or is none
 */
export async function broughtSecret(
  terminal: Terminal,
  { secretStdin = false, secretFile }: BroughtSecretOptions,
): Promise<string | undefined> {
  if (!secretStdin && secretFile === undefined) return undefined;
  const text =
    secretFile === undefined ? await typedOrPiped(terminal) : await contentOf(secretFile);
  const secret = text.replace(/\r?\n$/, '');
  if (CLIENT_SECRET.test(secret)) return secret;
  throw new CliError(
    EXIT.usage,
    'The secret must be 32 to 128 of A-Z a-z 0-9 . _ ~ - and nothing else.',
  );
}

/** Typing would show it on the screen. */
async function typedOrPiped(terminal: Terminal): Promise<string> {
  if (!terminal.stdinIsTyped) return terminal.read();
  throw new CliError(EXIT.usage, '--secret-stdin takes the secret from a pipe or a file (<).');
}

async function contentOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    throw new CliError(EXIT.usage, `--secret-file ${path} can't be read (${code}).`);
  }
}
