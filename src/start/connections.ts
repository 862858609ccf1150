import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

const SWEEP_MS = 50;

/** The connections of a server, so that it can be closed without cutting off what runs. */
export class Connections {
  /** How many requests run on each. */
  private readonly running = new Map<Socket, number>();

  /** @param server before it listens */
  constructor(private readonly server: Server) {
    server.on('connection', (socket: Socket) => {
      this.running.set(socket, 0);
      socket.once('close', () => this.running.delete(socket));
    });
    server.on('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
      this.count(socket, 1);
      response.once('close', () => this.count(socket, -1));
    });
  }

  /**
   * Closes the server: no new connections, and what runs is finished. Connections on which nothing
   * runs are closed: idle ones, which `server.close()` alone leaves to their keep-alive time, and
   * those that have sent nothing, or half a head, which Node takes for busy.
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

  private count(socket: Socket, change: 1 | -1): void {
    const running = this.running.get(socket);
    if (running !== undefined) this.running.set(socket, running + change);
  }

  private closeIdle(): void {
    for (const [socket, running] of this.running) if (running === 0) socket.destroy();
  }
}
