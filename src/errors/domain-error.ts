import type { FieldError } from '../protocol/problem.js';
import type { ErrorCode } from './error-catalogue.js';

/** What can go with an error beside its code and its sentence. */
export interface ErrorContext {
  /** The true reason: for the log and the audit trail, never for the wire. */
  readonly reason?: string;
  /** The failure underneath, for the log alone. */
  readonly cause?: unknown;
  /** Seconds after which trying again makes sense. */
  readonly retryAfterSeconds?: number;
  /** Further response headers, such as a challenge. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The single faults of a request's content. */
  readonly errors?: readonly FieldError[];
}

/**
 * A refusal or failure in the terms of the catalogue. It knows nothing of HTTP: the error filter
 * looks up status and form by its code.
 *
 * The message is public: one short English sentence that says what to do next and repeats nothing
 * of what was sent.
 */
export class DomainError extends Error {
  override readonly name = 'DomainError';

  constructor(
    readonly code: ErrorCode,
    detail: string,
    readonly context: ErrorContext = {},
  ) {
    super(detail, { cause: context.cause });
  }
}

/**
 * The store can't be reached, or too much waits for it: nothing was done, and trying again later
 * makes sense.
 */
export function temporarilyUnavailable(cause?: unknown, reason?: string): DomainError {
  return new DomainError(
    'temporarily_unavailable',
    'The server can not answer at the moment. Try again shortly.',
    {
      cause,
      reason,
      retryAfterSeconds: 1,
    },
  );
}
