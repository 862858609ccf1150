#!/usr/bin/env node
import { CommanderError } from 'commander';
import type { Settings } from '../config/settings.js';
import { operatingSystemUser } from './actor.js';
import type { Cli } from './command.js';
import { EXIT } from './exit-code.js';
import { buildProgram } from './program.js';
import type { Services } from './services.js';
import { Terminal } from './terminal.js';

/** Somebody sits and waits: a server's minute is too long, unless it is asked for. */
const DB_WAIT_S = '5';
/** For what a library might keep open; nothing of ours does. */
const LINGER_MS = 2000;

async function main(): Promise<void> {
  const terminal = new Terminal(process, process.env);
  try {
    await buildProgram(cliOf(terminal)).parseAsync();
  } catch (error) {
    process.exitCode = await toldFailure(terminal, error);
  }
  // Not at once: what was written to a pipe may still be on its way.
  setTimeout(() => process.exit(), LINGER_MS).unref();
}

function cliOf(terminal: Terminal): Cli {
  const visit =
    (mayBeEmpty: boolean) =>
    async <Result>(task: (services: Services) => Promise<Result>): Promise<Result> => {
      // Loaded here: help and wrong usage are answered without it, and at once.
      const { withServices } = await import('./services.js');
      const onProgress = (line: string): void => terminal.note(line);
      return withServices(await readSettings(), { mayBeEmpty, onProgress }, task);
    };
  return { terminal, actor: operatingSystemUser(), run: visit(false), runFirst: visit(true) };
}

/** Read when a command begins its work, so that help needs none. */
async function readSettings(): Promise<Settings> {
  const { loadSettings } = await import('../config/settings.js');
  return loadSettings({ ...process.env, DB_WAIT_S: process.env.DB_WAIT_S || DB_WAIT_S });
}

/** Tells what went wrong; gives the exit code. */
async function toldFailure(terminal: Terminal, error: unknown): Promise<number> {
  // Commander has told its own. Its code for wrong usage is 1; for help that was asked for, 0.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  const { cliFailureLines, exitCodeOf } = await import('./failure.js');
  terminal.note(cliFailureLines(error));
  return exitCodeOf(error);
}

await main();
