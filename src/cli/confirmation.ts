import { CliError, EXIT } from './exit-code.js';
import type { Terminal } from './terminal.js';

/** The option that stands for the answer where nobody can be asked. */
export interface ConfirmOption {
  readonly confirm?: string;
}

/**
 * Makes sure that what can't be undone is meant: by the option, else by asking on a terminal.
 *
 * @param name what has to be repeated, in the option or as the answer
 * @param consequence what will happen, as a sentence
 * @throws CliError where it isn't
 */
export async function assertConfirmed(
  terminal: Terminal,
  { confirm }: ConfirmOption,
  name: string,
  consequence: string,
): Promise<void> {
  if (confirm === name) return;
  if (confirm !== undefined) {
    throw new CliError(EXIT.usage, `--confirm must repeat ${name}, exactly. Nothing was done.`);
  }
  if (!terminal.asks) {
    throw new CliError(
      EXIT.usage,
      `${consequence} Add --confirm ${name} if you mean it. Nothing was done.`,
    );
  }
  const answer = await terminal.ask(`${consequence}\nType ${name} to go on: `);
  if (answer?.trim() === name) return;
  throw new CliError(EXIT.notAllowed, 'Not confirmed. Nothing was done.');
}
