import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

const SWEEP_MS = 50;

/** The connections of a server, so that it can be closed without cutting off what runs. */
export class Connections {
  private readonly sockets = new Set<Socket>();

  /** @param server before it listens */
  constructor(private readonly server: Server) {
    server.on('connection', (socket: Socket) => {
      this.sockets.add(socket);
      socket.once('close', () => this.sockets.delete(socket));
    });
  }

  /**
   * Closes the server: no new connections, and what runs is finished. Connections are closed as
   * they fall idle, which `server.close()` alone leaves to their keep-alive time.
   *
   * @param graceMs how long running requests may take; what is not done by then is cut off
   */
  async close(graceMs: number): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.server.close(() => resolve());
    });
    const sweep = setInterval(() => this.closeIdle(), SWEEP_MS);
    const done = new AbortController();
    const cutOff = delay(graceMs, undefined, { signal: done.signal }).then(
      () => this.server.closeAllConnections(),
      () => undefined,
    );
    await closed;
    clearInterval(sweep);
    done.abort();
    await cutOff;
  }

  /** Node takes a connection that has sent nothing yet (a browser's spare one) for a busy one. */
  private closeIdle(): void {
    this.server.closeIdleConnections();
    for (const socket of this.sockets) {
      if (socket.bytesRead === 0) socket.destroy();
    }
  }
}
