import type { ChildProcess } from 'node:child_process';

/** A connection as `node:cluster` hands it over: the bare handle, without a socket around it. */
interface Connection {
  close(): void;
}

/**
 * Closes the connection that a worker had been handed, and not yet taken, when it ended. Node's
 * round robin hands a worker one at a time and waits for its word; where that never comes, it keeps
 * the connection open without an answer, for as long as the caller waits (`node:cluster` of Node 20
 * and 24, `RoundRobinHandle.handoff`).
 *
 * @param worker that has been handed nothing yet
 */
export function closeUntakenConnection(worker: ChildProcess): void {
  let untaken: Connection | undefined;
  // oxlint-disable-next-line typescript/unbound-method -- it is called on what it is found on
  worker.send = new Proxy(worker.send, {
    apply(send, self, sent: unknown[]): unknown {
      const [, handle] = sent;
      if (isConnection(handle)) untaken = handle;
      return Reflect.apply(send, self, sent);
    },
  });
  // Before Node's own listener, which hands over the next one.
  worker.prependListener('internalMessage', (said: { readonly ack?: number }) => {
    if (said.ack !== undefined) untaken = undefined;
  });
  worker.once('exit', () => untaken?.close());
}

function isConnection(handle: unknown): handle is Connection {
  return typeof handle === 'object' && handle !== null && 'close' in handle;
}
