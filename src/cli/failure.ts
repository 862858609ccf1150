import { SettingsError } from '../config/settings.js';
import { EmbeddedPostgresError } from '../database/embedded/embedded-postgres.js';
import { DatabaseUnreachableError } from '../database/prepare-database.js';
import { DomainError } from '../errors/domain-error.js';
import type { ErrorCode } from '../errors/error-catalogue.js';
import { isStoreUnavailable } from '../errors/store-failure.js';
import { failureLines } from '../start/failure.js';
import { CliError, EXIT, type ExitCode } from './exit-code.js';
import { visible } from './text.js';

/** What to tell of a failed command, one line for each thing to mend. */
export function cliFailureLines(error: unknown): string {
  if (error instanceof CliError) return prefixed(error.message);
  if (error instanceof DomainError) return domainLines(error);
  return prefixed(failureLines(error));
}

/** The faults of a change by the options that brought them, which are named after the wire. */
function domainLines({ message, context }: DomainError): string {
  const { errors = [] } = context;
  if (errors.length === 0) return prefixed(message);
  return errors.map(({ pointer, detail }) => prefixed(`${optionOf(pointer)} ${detail}`)).join('\n');
}

function optionOf(pointer: string): string {
  return `--${pointer.slice(1).replaceAll('_', '-')}`;
}

function prefixed(message: string): string {
  return message
    .split('\n')
    .map((line) => `error: ${visible(line)}`)
    .join('\n');
}

const OF_DOMAIN: Partial<Record<ErrorCode, ExitCode>> = {
  validation_failed: EXIT.usage,
  invalid_parameter: EXIT.usage,
  not_found: EXIT.notFound,
  self_rotation_not_allowed: EXIT.notAllowed,
  conflict: EXIT.conflict,
  precondition_failed: EXIT.conflict,
  temporarily_unavailable: EXIT.unreachable,
};

const OF_SYSTEM: Readonly<Record<string, ExitCode>> = {
  EACCES: EXIT.notAllowed,
  EPERM: EXIT.notAllowed,
  EROFS: EXIT.notAllowed,
  // PostgreSQL: the log-in is refused, a privilege is missing.
  '28P01': EXIT.notAllowed,
  '28000': EXIT.notAllowed,
  '42501': EXIT.notAllowed,
  // … and a database that does not exist.
  '3D000': EXIT.unreachable,
};

/** The exit code of a failure. */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof CliError) return error.exitCode;
  if (error instanceof SettingsError) return EXIT.usage;
  if (error instanceof DomainError) return OF_DOMAIN[error.code] ?? EXIT.failed;
  const code = systemCode(error);
  const known = code === undefined ? undefined : OF_SYSTEM[code];
  if (known !== undefined) return known;
  return isOfReaching(error) ? EXIT.unreachable : EXIT.failed;
}

function isOfReaching(error: unknown): boolean {
  return (
    error instanceof DatabaseUnreachableError ||
    error instanceof EmbeddedPostgresError ||
    isStoreUnavailable(error)
  );
}

/** The code of a failed call, or of the one underneath that it reports (TypeORM, EmbeddedPostgresError). */
function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code, driverError } = error as Error & { code?: unknown; driverError?: unknown };
  if (typeof code === 'string') return code;
  return systemCode(driverError ?? error.cause);
}
