import { spawn } from 'node:child_process';

/** How a program ended. */
export interface CommandResult {
  readonly code: number | null;
  readonly stderr: string;
}

/**
 * The whole environment of a PostgreSQL program. Ours is not passed on: it may hold secrets, which
 * the server would keep in its memory for days, and PG… variables, which would change its port or
 * its directory. TZ spares initdb a search for the system's zone; all times are stored in UTC.
 */
export function postgresEnvironment(): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };
}

/**
 * Runs a program to its end.
 *
 * @param command the program and its arguments; no shell reads them
 * @returns its exit code (null after a signal) and what it said on stderr
 * @throws the spawn error if it cannot be run at all
 */
export function runCommand(command: readonly string[]): Promise<CommandResult> {
  const [program = '', ...args] = command;
  return new Promise((resolve, reject) => {
    // cwd: the working directory may be one that an unprivileged user cannot enter.
    const child = spawn(program, args, {
      cwd: '/',
      env: postgresEnvironment(),
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      stderr += chunk;
    });
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stderr }));
  });
}
