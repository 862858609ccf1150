import { freePort, startServer, type TestServer } from '../support/server.js';
import { startProbeApp, type ProbeApp } from '../support/probe-app.js';

/** The built server, and a second node on the same database that has a guarded route. */
export interface Nodes {
  readonly server: TestServer;
  readonly probe: ProbeApp;
  /** A route of the second node that needs the scope `read`; it tells who calls. */
  readonly guardedUrl: string;
  stop(): Promise<void>;
}

/**
 * Starts {@link Nodes} whose public address is the true one, as a client needs it that is told
 * nothing else. Tokens come from the built server; the second node stands for the API behind it,
 * so that no test needs a feature that may be deleted.
 */
export async function startNodes(): Promise<Nodes> {
  const port = String(await freePort());
  const publicUrl = `http://127.0.0.1:${port}`;
  const server = await startServer({ PORT: port, PUBLIC_URL: publicUrl });
  const probe = await startProbeApp(server.database, { PUBLIC_URL: publicUrl }).catch(
    async (error: unknown) => {
      await server.stop();
      throw error;
    },
  );
  return {
    server,
    probe,
    guardedUrl: `${probe.baseUrl}/probe`,
    stop: async () => {
      await probe.close();
      await server.stop();
    },
  };
}
