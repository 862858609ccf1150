import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DataSource, type MigrationInterface } from 'typeorm';
import { dataSourceOptions } from '../../src/database/data-source-options.js';

const SOURCE = join(import.meta.dirname, '../../src');

type Migration = new () => MigrationInterface;

/** The migrations of the source, the oldest first. */
export async function migrations(): Promise<Migration[]> {
  const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' }).filter((file) =>
    /\/migrations\/\d{13}-.*\.ts$/.test(file),
  );
  const loaded = await Promise.all(
    files.map(async (file) => (await import(join(SOURCE, file))) as Record<string, Migration>),
  );
  return loaded
    .flatMap((exported) => Object.values(exported))
    .toSorted((one, other) => Number(one.name.slice(-13)) - Number(other.name.slice(-13)));
}

/** Lends a data source that has these migrations. */
export async function withMigrations<Result>(
  url: string,
  known: readonly Migration[],
  task: (dataSource: DataSource) => Promise<Result>,
): Promise<Result> {
  const dataSource = new DataSource({
    ...dataSourceOptions({ url, poolSize: 1, timeoutMs: 0, pooler: 'none' }),
    migrations: [...known],
  });
  await dataSource.initialize();
  try {
    return await task(dataSource);
  } finally {
    await dataSource.destroy();
  }
}

/** Takes back the last migrations, as `npm run migration:revert` does. */
export async function revert(url: string, count: number): Promise<void> {
  await withMigrations(url, await migrations(), async (dataSource) => {
    for (let done = 0; done < count; done += 1) await dataSource.undoLastMigration();
  });
}
