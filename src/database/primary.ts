import { callbackify } from 'node:util';
import { Client, type ClientConfig } from 'pg';
import { urlPerHost } from '../config/database-hosts.js';

/** A host that takes longer is of no use to a caller either. */
const FOUND_WITHIN_MS = 1000;

/** What a pool or a client needs to reach a database of one host or of several. */
export interface Reach {
  readonly connectionString: string;
  readonly Client: typeof Client;
}

const reaches = new Map<string, Reach>();

/**
 * How to reach a database: with several hosts in its URL, that one of them which is the primary,
 * asked of it at each new connection. So a promoted standby is followed without a restart.
 *
 * @param url with one host or several; callers of one URL share what is known of them
 */
export function reachOf(url: string): Reach {
  const known = reaches.get(url);
  if (known !== undefined) return known;
  const urls = urlPerHost(url);
  const [connectionString = url] = urls;
  const reach = {
    connectionString,
    Client: urls.length === 1 ? Client : clientOf(new Primary(urls)),
  };
  reaches.set(url, reach);
  return reach;
}

/** Which of several hosts is the primary, as far as this process knows. */
class Primary {
  private known: string | undefined;
  private searching: Promise<string> | undefined;

  constructor(private readonly urls: readonly string[]) {}

  /** @throws what a host says that refuses the user or the database, else that none is there */
  async find(): Promise<string> {
    if (this.known !== undefined) return this.known;
    this.searching ??= this.search().finally(() => {
      this.searching = undefined;
    });
    return this.searching;
  }

  /** To be called where it could not be reached, or is none any more. */
  forget(url: string): void {
    if (this.known === url) this.known = undefined;
  }

  /** Asks all at once: one that is gone must not hold up the others. */
  private async search(): Promise<string> {
    try {
      this.known = await Promise.any(this.urls.map(assertPrimary));
      return this.known;
    } catch (error) {
      const { errors } = error as AggregateError & { errors: NodeJS.ErrnoException[] };
      throw (
        errors.find(({ code }) => /^(28|3D|UNABLE_TO)|CERT/.test(code ?? '')) ??
        new Error('no host of the database’s URL is a primary that answers', { cause: error })
      );
    }
  }
}

async function assertPrimary(url: string): Promise<string> {
  const client = new Client({
    connectionString: url,
    connectionTimeoutMillis: FOUND_WITHIN_MS,
    query_timeout: FOUND_WITHIN_MS,
  });
  // The failed call itself tells; without a listener the same failure would end the process.
  client.on('error', () => undefined);
  try {
    await client.connect();
    await refuseStandby(client);
    return url;
  } finally {
    // Not waited for: a host that has gone silent would not take its leave either.
    client.end().catch(() => undefined);
  }
}

/** @throws an error with the code that a standby gives to whoever writes */
async function refuseStandby(client: Client): Promise<void> {
  const { rows } = await client.query<{ standby: boolean }>(
    'SELECT pg_is_in_recovery() AS standby',
  );
  if (rows[0]?.standby === false) return;
  throw Object.assign(new Error('the host is a standby'), { code: '25006' });
}

/** A client that connects to the primary, whatever host its options name. */
function clientOf(primary: Primary): typeof Client {
  return class PrimaryClient extends Client {
    constructor(config?: string | ClientConfig) {
      super(config);
      // Nobody listens yet while it asks; the failed call itself tells.
      this.on('error', () => undefined);
    }

    override connect(): Promise<this>;
    override connect(callback: (error: Error) => void): void;
    override connect(callback?: (error: Error) => void): Promise<this> | void {
      if (callback === undefined) return this.connectToPrimary();
      // What it throws is not to come back as a failed connection.
      callbackify(() => this.connectToPrimary())(callback);
    }

    private async connectToPrimary(): Promise<this> {
      const url = await primary.find();
      const { host, port } = new Client(url);
      Object.assign(this, { host, port });
      try {
        await super.connect();
        await refuseStandby(this);
        return this;
      } catch (error) {
        primary.forget(url);
        super.end().catch(() => undefined);
        throw error;
      }
    }
  };
}
