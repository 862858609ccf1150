import { SettingsError } from '../config/settings.js';
import { NewerDatabaseError } from '../database/known-migrations.js';
import { DatabaseUnreachableError, VolatileDatabaseError } from '../database/prepare-database.js';
import { EmbeddedPostgresError } from '../database/embedded/embedded-postgres.js';
import { MissingAccessRuleError } from '../resource-server/index.js';
import { UnknownScopeError } from '../scopes/domain/needed-scopes.js';
import { ScopeDeclarationError } from '../scopes/domain/scope-declaration.js';
import { FailedWorkerError } from './failed-worker-error.js';

/** Failures whose message is meant for whoever starts the server, and says all. */
const TOLD_IN_FULL = [
  SettingsError,
  DatabaseUnreachableError,
  VolatileDatabaseError,
  NewerDatabaseError,
  EmbeddedPostgresError,
  MissingAccessRuleError,
  ScopeDeclarationError,
  UnknownScopeError,
  FailedWorkerError,
];

/**
 * What to tell of a failed start, without a stack: one line for each thing to mend. Of what nobody
 * foresaw, the stack too.
 */
export function failureLines(error: unknown): string {
  if (TOLD_IN_FULL.some((kind) => error instanceof kind)) return (error as Error).message;
  if (!(error instanceof Error)) return String(error);
  return isOfListening(error) ? listenLine(error) : databaseLine(error);
}

/** Tells of a failure on standard error, and ends the process with 1. */
export function fail(error: unknown): never {
  process.stderr.write(`${failureLines(error)}\n`);
  process.exit(1);
}

type ListenError = NodeJS.ErrnoException & { readonly port?: number; readonly address?: string };

function isOfListening(error: ListenError): boolean {
  // A worker's listener is bound by the supervisor; a name that is no address fails before that.
  return ['listen', 'bind', 'getaddrinfo'].includes(error.syscall ?? '');
}

function listenLine({ code, port, address, message }: ListenError): string {
  switch (code) {
    case 'EADDRINUSE':
      return `Port ${port} is taken: stop what listens there, or set PORT to a free one.`;
    case 'EACCES':
      return `Port ${port} may not be used by this user: set PORT to one above 1023.`;
    default:
      return `HOST ${address ?? ''} can't be listened on (${message}): set HOST to 127.0.0.1 or 0.0.0.0.`;
  }
}

function databaseLine(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case '28P01':
    case '28000':
      return 'The database refuses the user or the password of DATABASE_URL.';
    case '3D000':
      return 'The database that DATABASE_URL names does not exist: create it first.';
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return `The database's certificate is for another host than DATABASE_URL names: ${error.message}`;
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
      return `The database's certificate is not trusted (${error.message}): name its CA's file in DATABASE_URL, sslmode=verify-full&sslrootcert=/path/to/ca.crt.`;
    case '42501':
      return `The database says: ${error.message}. Grant it to the role, or give the owner's URL as MIGRATION_DATABASE_URL; docs/deploying.md has the statements.`;
    default:
      return error.stack ?? error.message;
  }
}
