import type { ChildProcess } from 'node:child_process';

/** A connection as `node:cluster` hands it over: the bare handle, without a socket around it. */
interface Connection {
  close(): void;
}

/** A connection that a worker has been handed, and the number of that message. */
interface Untaken {
  readonly connection: Connection;
  readonly seq: number;
}

/**
 * Sees to the connection that a worker had been handed, and not yet taken, when it ended. Node's
 * round robin hands a worker one at a time and waits for its word; where that never comes, it keeps
 * the connection open without an answer, for as long as the caller waits (`node:cluster` of Node 20
 * and 24, `RoundRobinHandle.handoff`). Here it is told in the dead one's place that the connection was not
 * taken, as a worker says that is closing, and hands it to another.
 *
 * @param worker that has been handed nothing yet
 * @param hasOthers whether another worker listens; where none does, the connection is closed
 */
export function handOnUntakenConnection(worker: ChildProcess, hasOthers: () => boolean): void {
  let untaken: Untaken | undefined;
  // oxlint-disable-next-line typescript/unbound-method -- it is called on what it is found on
  worker.send = new Proxy(worker.send, {
    apply(send, self, sent: [{ readonly seq: number }, unknown?]): unknown {
      const [{ seq }, connection] = sent;
      if (isConnection(connection)) untaken = { connection, seq };
      return Reflect.apply(send, self, sent);
    },
  });
  // Before Node's own listener, which hands over the next one.
  worker.prependListener('internalMessage', (said: { readonly ack?: number }) => {
    if (said.ack !== undefined) untaken = undefined;
  });
  worker.once('close', () => {
    if (untaken === undefined) return;
    const { connection, seq } = untaken;
    // Node waits with it until what was sent is taken, and takes the worker out of those that are
    // handed any when it comes.
    worker.emit('disconnect');
    if (hasOthers()) {
      worker.emit('internalMessage', { cmd: 'NODE_CLUSTER', ack: seq, accepted: false });
    } else connection.close();
  });
}

function isConnection(handle: unknown): handle is Connection {
  return typeof handle === 'object' && handle !== null && 'close' in handle;
}
