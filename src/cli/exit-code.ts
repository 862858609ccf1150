/** How a command ends, for the scripts that call it. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
  notAllowed: 4,
  conflict: 5,
  unreachable: 6,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** The exit codes for the end of the help. */
export const EXIT_CODES_HELP = `Exit codes:
  0  done
  1  failed in a way that nobody foresaw
  2  the command, a value or a setting of the environment is wrong; nothing was done
  3  there is no such client, secret, scope or event
  4  not allowed: by the database, by the file system, or because a question was declined
  5  it conflicts with what is there, such as the last working admin; nothing was done
  6  the database can not be reached, or there is none yet`;

/** A failure of the command line itself, in one sentence that says all. */
export class CliError extends Error {
  override readonly name = 'CliError';

  constructor(
    readonly exitCode: ExitCode,
    message: string,
  ) {
    super(message);
  }
}
