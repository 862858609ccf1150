/** The first worker did not come up: the message says why, as for a process that serves alone. */
export class FailedWorkerError extends Error {
  override readonly name = 'FailedWorkerError';
}
