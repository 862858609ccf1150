import { Socket } from 'node:net';
import { Client } from 'pg';
import { DATABASE_USER } from './create-cluster.js';
import { PORT } from './postmaster-pid.js';

const APPLICATION_NAME = 'postern holder';

/**
 * The connection by which a process shows that it needs the server. The kernel closes it with the
 * process, however that dies, so the number of holders is always right.
 */
export interface Holder {
  /** settles when the connection is lost or closed */
  readonly ended: Promise<void>;
  /** how many other processes hold the server */
  countOthers(): Promise<number>;
  /** closes the connection, and waits until the server has forgotten it */
  close(): Promise<void>;
}

/**
 * The address of a server that listens on a socket only.
 *
 * @param socketDir the directory of the socket
 * @returns a postgres:// URL in which nothing is left to PG… variables of the environment
 */
export function socketUrl(socketDir: string): string {
  const host = encodeURIComponent(socketDir);
  return `postgres://${DATABASE_USER}@localhost:${PORT}/postgres?host=${host}&sslmode=disable`;
}

/**
 * Opens a holder connection.
 *
 * @param socketDir the directory of the server's socket
 * @returns the holder; it does not keep the process alive
 * @throws the connection's error, with its code: of the system (ENOENT) or of PostgreSQL (57P03)
 */
export async function connectHolder(socketDir: string): Promise<Holder> {
  const socket = new Socket();
  const client = new Client({
    connectionString: socketUrl(socketDir),
    application_name: APPLICATION_NAME,
    connectionTimeoutMillis: 5_000,
    stream: () => socket,
  });
  const ended = new Promise<void>((resolve) => {
    client.once('end', () => resolve());
  });
  // Without a listener a lost connection would end the process; that it is lost, `ended` tells.
  client.on('error', () => {});
  try {
    await client.connect();
  } catch (error) {
    socket.destroy();
    throw error;
  }
  socket.unref();
  return {
    ended,
    countOthers: () => countOthers(client),
    async close() {
      socket.ref();
      await client.end();
    },
  };
}

async function countOthers(client: Client): Promise<number> {
  const { rows } = await client.query<{ others: number }>(
    `SELECT count(*)::int AS others FROM pg_stat_activity
     WHERE application_name = $1 AND pid <> pg_backend_pid()`,
    [APPLICATION_NAME],
  );
  return rows[0]?.others ?? 0;
}
