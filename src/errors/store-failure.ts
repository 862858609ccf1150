/**
 * Codes that say the database could not be asked, not that it refused: SQLSTATE classes 08
 * (connection), 28 (log-in), 3D (no such database), 53 (resources), 57 (operator intervention,
 * time-outs), 40P01 (a deadlock, which trying again gets past), 25006 (a standby), 55000 (it takes no connections), 55P03 (lock time-out), and Node's
 * own socket errors.
 */
const UNAVAILABLE_CODE =
  /^(08...|28...|3D...|53...|57...|40P01|25006|55000|55P03|ECONNREFUSED|ECONNRESET|ENOENT|ENOTFOUND|EAI_AGAIN|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH)$/;

/** How deep causes are looked into: one can lead back to itself. */
const MOST_CAUSES = 8;

/**
 * What node-postgres says without a code: its own time-outs and broken connections; and TypeORM, of
 * a connection that broke between two statements of a transaction.
 */
const UNAVAILABLE_MESSAGE =
  /^(timeout exceeded when trying to connect|timeout expired$|Query read timeout|Connection terminated|Client has encountered a connection error|Client was closed|Cannot use a pool after calling end|Query runner already released|Database connection provided by a query runner was already released)/;

/**
 * Whether a failure means that the store is out of reach, so that the honest answer is 503 and
 * never a verdict about the caller (RFC 6749 §4.1.2.1 `temporarily_unavailable`).
 *
 * @param failure anything thrown; `cause`, `driverError` (TypeORM) and the errors of an
 *   AggregateError are looked into
 */
export function isStoreUnavailable(failure: unknown): boolean {
  return isUnavailable(failure, MOST_CAUSES);
}

function isUnavailable(failure: unknown, depth: number): boolean {
  if (!(failure instanceof Error) || depth === 0) return false;
  const { code, driverError, errors } = failure as Error & {
    code?: unknown;
    driverError?: unknown;
    errors?: unknown;
  };
  return (
    (typeof code === 'string' && UNAVAILABLE_CODE.test(code)) ||
    UNAVAILABLE_MESSAGE.test(failure.message) ||
    isUnavailable(driverError, depth - 1) ||
    isUnavailable(failure.cause, depth - 1) ||
    (Array.isArray(errors) && errors.some((error) => isUnavailable(error, depth - 1)))
  );
}
