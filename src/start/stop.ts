import type { Server } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

const SWEEP_MS = 50;

/**
 * Closes a server: no new connections; what runs is finished; idle connections are closed as they
 * fall idle, which `server.close()` alone leaves to their keep-alive time.
 *
 * @param graceMs how long running requests may take; what is not done by then is cut off
 */
export async function closeServer(server: Server, graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS);
  const giveUp = new AbortController();
  const cutOff = delay(graceMs, undefined, { signal: giveUp.signal }).then(
    () => server.closeAllConnections(),
    () => undefined,
  );
  await closed;
  clearInterval(sweep);
  giveUp.abort();
  await cutOff;
}
