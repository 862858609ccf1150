import { randomBytes } from 'node:crypto';
import { Client } from 'pg';

const TEMPLATE = 'postern_template';

/** A database of a test's own: a migrated copy on the run's real PostgreSQL. */
export interface TestDatabase {
  readonly url: string;
  /** Runs a statement in it; gives the rows. */
  query<Row extends object>(text: string, values?: unknown[]): Promise<Row[]>;
  drop(): Promise<void>;
}

/** Makes a {@link TestDatabase}; `empty` makes one without the schema. */
export async function createDatabase(
  kind: 'migrated' | 'empty' = 'migrated',
): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  const template = kind === 'migrated' ? ` TEMPLATE ${TEMPLATE}` : '';
  await onServer(`CREATE DATABASE ${name}${template}`);
  const url = new URL(serverUrl());
  url.pathname = `/${name}`;
  return {
    url: url.href,
    query: (text, values) => queryAt(url.href, text, values),
    drop: async () => {
      await onServer(`DROP DATABASE ${name} WITH (FORCE)`);
    },
  };
}

/** Runs a statement on the server itself, outside every test's database. */
export function onServer(text: string): Promise<object[]> {
  return queryAt(serverUrl(), text);
}

function serverUrl(): string {
  const url = process.env.TEST_POSTGRES_URL;
  if (url === undefined) throw new Error('TEST_POSTGRES_URL is set by the global setup of Jest');
  return url;
}

/** Runs a statement on a connection of its own. @throws what connecting or the statement throws */
export async function queryAt<Row extends object>(
  url: string,
  text: string,
  values?: unknown[],
): Promise<Row[]> {
  const client = new Client({ connectionString: url });
  // The failed call itself tells; without a listener the same failure would end the test.
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Row>(text, values)).rows;
  } finally {
    await client.end();
  }
}

/** Locks a table for everybody else; gives what ends that, which may be called twice. */
export async function lockTable(url: string, table: string): Promise<() => Promise<void>> {
  const blocker = new Client({ connectionString: url });
  await blocker.connect();
  await blocker.query(`BEGIN; LOCK TABLE ${table}`);
  let released: Promise<void> | undefined;
  const release = async (): Promise<void> => {
    await blocker.query('ROLLBACK');
    await blocker.end();
  };
  return () => (released ??= release());
}
