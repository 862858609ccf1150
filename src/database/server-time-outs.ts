/** How long the server waits for one statement, and for the next of a transaction: in ms. */
export interface ServerTimeOuts {
  readonly statement_timeout: number;
  readonly idle_in_transaction_session_timeout: number;
}

/**
 * The server's own limits, so that it does not work on for a client that has given up.
 *
 * @param timeoutMs the client's limit for each statement
 */
export function serverTimeOuts(timeoutMs: number): ServerTimeOuts {
  return { statement_timeout: timeoutMs, idle_in_transaction_session_timeout: 4 * timeoutMs };
}

/**
 * The same limits as SQL for one transaction. A pooler in transaction mode takes them no other way:
 * it refuses start-up parameters, and a session's settings would be those of its next user.
 */
export function setLocalTimeOuts(timeoutMs: number): string {
  return Object.entries(serverTimeOuts(timeoutMs))
    .map(([name, ms]) => `SET LOCAL ${name} = ${Math.trunc(ms)}`)
    .join('; ');
}
