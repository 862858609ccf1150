import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** Opens a connection to a server, for bytes as they are; what comes is read, and errors are let be. */
export async function openSocket(baseUrl: string): Promise<Socket> {
  const { hostname, port } = new URL(baseUrl);
  const socket = connect({ host: hostname, port: Number(port), noDelay: true });
  socket.on('error', () => undefined).resume();
  await once(socket, 'connect');
  return socket;
}
