import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** The server says 100 as it lets it in, and waits for the rest. */
export const HALF_A_REQUEST =
  'POST /o/token/ HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\ngrant';

/** Opens a connection of which nothing is known but its socket. */
export async function openSocket(baseUrl: string): Promise<Socket> {
  const { hostname, port } = new URL(baseUrl);
  const socket = connect({ host: hostname, port: Number(port), noDelay: true });
  socket.on('error', () => undefined).resume();
  await once(socket, 'connect');
  return socket;
}

/**
 * Takes places of a server (`MAX_REQUESTS`), by requests whose bodies do not come; it gives them up
 * after 20 s.
 *
 * @returns a connection for each: to destroy it frees the place
 * @throws an Error where one is not let in
 */
export async function holdPlaces(baseUrl: string, places: number): Promise<Socket[]> {
  const held: Socket[] = [];
  // One after the other: each is in before the next one asks.
  for (let place = 0; place < places; place += 1) {
    const socket = await openSocket(baseUrl);
    held.push(socket);
    socket.write(HALF_A_REQUEST);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    if (answer.toString() === 'HTTP/1.1 100 Continue\r\n\r\n') continue;
    for (const one of held) one.destroy();
    throw new Error(`not let in: ${answer.toString()}`);
  }
  return held;
}
