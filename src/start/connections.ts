import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';

const SWEEP_MS = 50;

/** How long a moment is looked for in which nobody is about to be accepted. */
export const QUIET_WITHIN_MS = 1000;
/** In a turn of the event loop that takes longer, connections may have come that nobody has seen. */
const SHORT_TURN_MS = 1;

/** The connections of a server, so that it can be closed without cutting off what runs. */
export class Connections {
  /** How many requests run on each. */
  private readonly running = new Map<Socket, number>();
  private all = 0;

  /** @param server before it listens */
  constructor(private readonly server: Server) {
    server.on('connection', (socket: Socket) => {
      this.running.set(socket, 0);
      this.all += 1;
      socket.once('close', () => this.running.delete(socket));
    });
    server.on('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
      this.count(socket, 1);
      response.on('close', () => this.count(socket, -1));
    });
  }

  /** How many there have been. */
  get accepted(): number {
    return this.all;
  }

  /**
   * Closes the server: no new connections, and what runs is finished. What the kernel has accepted
   * and this process has not would be reset with the listener, so that is closed in a quiet moment. Connections on which nothing
   * runs are closed: idle ones, which `server.close()` alone leaves to their keep-alive time, and
   * those that have sent nothing, or half a head, which Node takes for busy.
   *
   * @param graceMs how long running requests may take; what is not done by then is cut off
   */
  async close(graceMs: number): Promise<void> {
    await this.quietMoment();
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

  private async quietMoment(): Promise<void> {
    const end = performance.now() + QUIET_WITHIN_MS;
    for (let [before, began] = [-1, 0]; (began = performance.now()) < end; before = this.all) {
      await nextTurn();
      if (before === this.all && performance.now() - began < SHORT_TURN_MS) return;
    }
  }

  private count(socket: Socket, change: 1 | -1): void {
    const running = this.running.get(socket);
    if (running !== undefined) this.running.set(socket, running + change);
  }

  private closeIdle(): void {
    for (const [socket, running] of this.running) if (running === 0) socket.destroy();
  }
}
