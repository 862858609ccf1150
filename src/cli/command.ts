import { Command } from 'commander';
import type { Actor } from '../audit/domain/audit-event.js';
import type { Services } from './services.js';
import type { Terminal } from './terminal.js';

/** What a command is given to do its work. */
export interface Cli {
  readonly terminal: Terminal;
  /** Who does it. */
  readonly actor: Actor;
  /** Lends the services for the length of a task; the database has to be there already. */
  run<Result>(task: (services: Services) => Promise<Result>): Promise<Result>;
  /** The same, also on a database that is still empty. */
  runFirst<Result>(task: (services: Services) => Promise<Result>): Promise<Result>;
}

/** The option that every command has. */
export interface JsonOption {
  readonly json?: boolean;
}

/**
 * Adds a noun.
 *
 * @param examples what the help begins with, without the name of the program
 */
export function noun(
  parent: Command,
  name: string,
  description: string,
  examples: readonly string[],
): Command {
  return parent
    .command(name)
    .description(description)
    .addHelpText('before', examplesHelp(examples));
}

/**
 * Adds a verb with its arguments.
 *
 * @param examples what the help begins with, without the name of the program
 */
export function verb(
  parent: Command,
  usage: string,
  description: string,
  examples: readonly string[],
): Command {
  return parent
    .command(usage)
    .description(description)
    .addHelpText('before', examplesHelp(examples))
    .option('--json', 'one JSON document, with the names of the API');
}

/** The part of a help that comes first. */
export function examplesHelp(examples: readonly string[]): string {
  return ['Examples:', ...examples.map((example) => `  $ postern ${example}`), ''].join('\n');
}

/** Adds the option that stands for the answer to a question. */
export function confirmable(command: Command, name: string): Command {
  return command.option(
    '--confirm <name>',
    `repeat ${name}: where no terminal is there to ask, it has to be given`,
  );
}

/** Adds the option that sends a new secret to a file. */
export function withOut(command: Command): Command {
  return command.option('--out <file>', 'write the secret to this new file, mode 0600');
}
