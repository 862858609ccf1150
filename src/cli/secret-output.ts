import { open, rm } from 'node:fs/promises';
import { CliError, EXIT } from './exit-code.js';
import type { Terminal } from './terminal.js';

/** Where a new secret goes, if not to stdout. */
export interface OutOption {
  readonly out?: string;
}

/**
 * Runs a task that makes a secret, and keeps the secret in a file of its owner's where one is
 * named. The file is there before the secret is: a secret that can't be kept must not be made.
 *
 * @param secretOf finds the secret in what the task gives
 * @throws CliError where the file exists already; what writing or the task throws
 */
export async function keepingSecret<Result>(
  { out }: OutOption,
  secretOf: (result: Result) => string,
  task: () => Promise<Result>,
): Promise<Result> {
  if (out === undefined) return task();
  const file = await openNew(out);
  let kept = false;
  try {
    const result = await task();
    await file.writeFile(`${secretOf(result)}\n`);
    await file.sync();
    kept = true;
    return result;
  } finally {
    await file.close();
    if (!kept) await rm(out, { force: true });
  }
}

async function openNew(path: string) {
  try {
    return await open(path, 'wx', 0o600);
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') {
      throw new CliError(EXIT.conflict, `--out ${path} is there already: name a new file.`);
    }
    const exit = code === 'EACCES' || code === 'EPERM' ? EXIT.notAllowed : EXIT.usage;
    throw new CliError(exit, `--out ${path} can't be written (${code}).`);
  }
}

/** A document without the secret that went to the file. */
export function withoutKept<Document extends { readonly client_secret: string }>(
  { out }: OutOption,
  document: Document,
): Omit<Document, 'client_secret'> {
  const { client_secret: _secret, ...rest } = document;
  return out === undefined ? document : rest;
}

/** Tells where the new secret is. */
export function tellSecret(terminal: Terminal, { out }: OutOption): void {
  terminal.note(
    out === undefined
      ? 'The secret is shown this once, and kept nowhere.'
      : `The secret is in ${out}, readable by its owner alone, and kept nowhere else.`,
  );
}
