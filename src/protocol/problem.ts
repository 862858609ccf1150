/** The media type of a problem document (RFC 9457 §3). */
export const PROBLEM_MEDIA_TYPE = 'application/problem+json';

/** One fault of a request's content: where it is (RFC 6901 pointer) and what is wrong there. */
export interface FieldError {
  readonly pointer: string;
  readonly detail: string;
}

/** A problem document (RFC 9457 §3.1) with this server's extension members. */
export interface ProblemBody {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly instance: string;
  readonly request_id: string;
  /** The code of RFC 6750 §3.1, where the refusal is about the token. */
  readonly error?: string;
  readonly errors?: readonly FieldError[];
}
