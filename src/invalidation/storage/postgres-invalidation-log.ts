import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { Pool } from 'pg';
import { SETTINGS } from '../../config/settings.module.js';
import type { Settings } from '../../config/settings.js';
import { reachOf } from '../../database/primary.js';
import { InvalidationLog, type LogPart, type LogPosition } from '../domain/invalidation-log.js';

/** A read that takes longer comes too late to be of use. */
const READ_WITHIN_MS = 500;

/**
 * Nobody here can have written these: what is seen is of earlier transactions. They come with a
 * dump of a server that had had more of them, and until this one has had as many they would be new
 * at every read.
 */
const FROM_ELSEWHERE = 'xid >= pg_snapshot_xmax(pg_current_snapshot())';

/**
 * Transactions commit in another order than they begin; so what is new is told by the snapshots:
 * visible now, and not visible then. Each row comes once, however long its transaction was open.
 */
const READ = `
  SELECT pg_current_snapshot()::text AS snapshot, pg_postmaster_start_time()::text AS server,
    coalesce(array_agg(DISTINCT client) FILTER (WHERE client IS NOT NULL), '{}') AS clients,
    coalesce(array_agg(encode(token, 'hex')) FILTER (WHERE token IS NOT NULL), '{}') AS tokens
  FROM invalidation
  WHERE xid >= pg_snapshot_xmin($1::text::pg_snapshot)
    AND NOT pg_visible_in_snapshot(xid, $1::text::pg_snapshot)
    AND NOT ${FROM_ELSEWHERE}`;

const MOST_FORGOTTEN = 5000;

/** Two, each along the index: as one with OR it would go through all rows. */
const FORGET_OLD = forgetWhere('xid < pg_snapshot_xmin($1::text::pg_snapshot)');
const FORGET_FOREIGN = forgetWhere(FROM_ELSEWHERE);

/**
 * What is older than a snapshot by its transaction, and not by a time: one that was open for long
 * would be old the moment it commits, and unread.
 */
function forgetWhere(condition: string): string {
  return `
  DELETE FROM invalidation WHERE (xid, id) IN (
    SELECT xid, id FROM invalidation WHERE ${condition}
    ORDER BY xid, id LIMIT ${MOST_FORGOTTEN} FOR UPDATE SKIP LOCKED)`;
}

/**
 * The log in PostgreSQL, read on a connection of its own: a pool that is full would hold up what
 * has to come in time.
 */
@Injectable()
export class PostgresInvalidationLog extends InvalidationLog implements OnModuleDestroy {
  private readonly pool: Pool;

  constructor(@Inject(SETTINGS) { databaseUrl, dbPooler }: Settings) {
    super();
    this.pool = new Pool({
      ...reachOf(databaseUrl ?? ''),
      application_name: 'postern-invalidation',
      max: 1,
      connectionTimeoutMillis: READ_WITHIN_MS,
      query_timeout: READ_WITHIN_MS,
      keepAlive: true,
      ...(dbPooler === 'none' && { statement_timeout: READ_WITHIN_MS }),
    });
    // The failed read itself tells; without a listener an idle connection's end would end the process.
    this.pool.on('error', () => undefined);
  }

  override async read(since: LogPosition | undefined): Promise<LogPart> {
    const { rows } = await this.pool.query<Row>(READ, [since?.snapshot ?? null]);
    const [row] = rows;
    if (row === undefined) throw new Error('the invalidation log did not answer');
    const { snapshot, server, clients, tokens } = row;
    return { position: { snapshot, server }, clients: new Set(clients), tokens: new Set(tokens) };
  }

  override async forget({ snapshot }: LogPosition): Promise<boolean> {
    const old = await this.pool.query(FORGET_OLD, [snapshot]);
    const foreign = await this.pool.query(FORGET_FOREIGN);
    return old.rowCount === MOST_FORGOTTEN || foreign.rowCount === MOST_FORGOTTEN;
  }

  async onModuleDestroy(): Promise<void> {
    await this.pool.end();
  }
}

interface Row {
  readonly snapshot: string;
  readonly server: string;
  readonly clients: number[];
  readonly tokens: string[];
}
