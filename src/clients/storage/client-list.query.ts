import type { ClientFilter, ClientPlace, ClientQuery, ClientSort } from '../domain/client-list.js';
import { MANAGED_CLIENT_COLUMNS, MANAGED_CLIENT_TABLES, NEVER_USED } from './managed-client.row.js';

/** A statement with its values, each bound, none in the text. */
export interface BoundStatement {
  readonly text: string;
  readonly values: readonly unknown[];
}

/**
 * What a list is ordered by: each has an index of these two, so that no two clients are equal in
 * it. The expressions are those of the index, to the letter.
 */
const ORDERS: Record<ClientPlace['by'], { readonly value: string; readonly key: string }> = {
  client_name: { value: 'lower(c.client_name) COLLATE "C"', key: 'c.id' },
  created_at: { value: 'c.created_at', key: 'c.id' },
  last_used_at: { value: 'u.last_used_at', key: 'u.client' },
};

/** The place of a client in each of the orders. */
const PLACE_COLUMNS: Record<ClientPlace['by'], string> = {
  client_name: 'c.client_name AS place',
  created_at: `${microseconds('c.created_at')} AS place`,
  last_used_at: `${microseconds('u.last_used_at')} AS place`,
};

/**
 * The statement for a part of the list: {@link MANAGED_CLIENT_COLUMNS} and `place`.
 *
 * @param few whether so few match that all of them are found first and then put in order. Where
 *   many match, the index of the order is walked until the page is full, which is soon. The planner
 *   would have to guess, and a wrong guess walks the whole index for a handful.
 */
export function pageStatement(query: ClientQuery, most: number, few: boolean): BoundStatement {
  const { by, descending } = orderOf(query.sort);
  const { value, key } = ORDERS[by];
  const values: unknown[] = [];
  const conditions = conditionsOf(query, values);
  // By values, not by an offset: clients that come or go meanwhile push nothing onto the page.
  const beyond = query.after && boundPlace(query.after, values);
  const direction = descending ? 'DESC' : 'ASC';
  const order = `ORDER BY ordered ${direction}, matched ${direction}`;
  return {
    text: `
      WITH matching AS ${few ? '' : 'NOT'} MATERIALIZED (
        SELECT ${value} AS ordered, ${key} AS matched
        FROM ${MANAGED_CLIENT_TABLES} ${where(conditions)}
      ), page AS (
        SELECT ordered, matched FROM matching
        ${beyond ? `WHERE (ordered, matched) ${descending ? '<' : '>'} (${beyond})` : ''}
        ${order} LIMIT ${bound(values, most)}
      )
      SELECT ${MANAGED_CLIENT_COLUMNS}, ${PLACE_COLUMNS[by]}
      FROM page JOIN oauth_client c ON c.id = matched
      JOIN oauth_client_usage u ON u.client = matched ${order}`,
    values,
  };
}

/** The statement that counts what matches, as far as it is worth: `counted`. */
export function countStatement(filter: ClientFilter, most: number): BoundStatement {
  const values: unknown[] = [];
  const conditions = conditionsOf(filter, values);
  return {
    text: `
      SELECT count(*)::integer AS counted FROM (
        SELECT FROM ${MANAGED_CLIENT_TABLES} ${where(conditions)} LIMIT ${bound(values, most)}
      ) AS matching`,
    values,
  };
}

/** What an order is by, and which way. */
export function orderOf(sort: ClientSort): { by: ClientPlace['by']; descending: boolean } {
  const descending = sort.startsWith('-');
  return { by: (descending ? sort.slice(1) : sort) as ClientPlace['by'], descending };
}

function conditionsOf(filter: ClientFilter, values: unknown[]): string[] {
  const { text, scope, enabled, unusedSince, secretExpiresBefore } = filter;
  const conditions: string[] = [];
  if (text !== undefined) {
    const part = bound(values, `%${text.replace(/[\\%_]/g, '\\$&')}%`);
    const start = bound(values, text);
    conditions.push(`(c.client_name ILIKE ${part} OR lower(c.client_id) ^@ lower(${start}))`);
  }
  if (scope !== undefined) conditions.push(`c.scopes @> ARRAY[${bound(values, scope)}]`);
  if (enabled !== undefined) conditions.push(enabled ? 'c.enabled' : 'NOT c.enabled');
  if (unusedSince !== undefined) {
    const since = bound(values, unusedSince);
    conditions.push(`u.last_used_at < ${since} AND c.created_at < ${since}`);
  }
  if (secretExpiresBefore !== undefined) {
    conditions.push(`c.id IN (SELECT s.client FROM oauth_client_secret s
      WHERE s.expires_at > now() AND s.expires_at < ${bound(values, secretExpiresBefore)})`);
  }
  return conditions;
}

function boundPlace(place: ClientPlace, values: unknown[]): string {
  const value =
    place.by === 'client_name'
      ? `lower(${bound(values, place.name)}) COLLATE "C"`
      : boundTime(place.at, values);
  return `${value}, ${bound(values, place.key)}::integer`;
}

function boundTime(at: number | null, values: unknown[]): string {
  if (at === null) return `'${NEVER_USED}'::timestamptz`;
  return `'epoch'::timestamptz + ${bound(values, at)}::bigint * interval '1 microsecond'`;
}

/** A time in whole microseconds since the epoch, as exact as PostgreSQL has it; null: never. */
function microseconds(column: string): string {
  return `CASE WHEN isfinite(${column}) THEN (extract(epoch FROM ${column}) * 1000000)::float8 END`;
}

function bound(values: unknown[], value: unknown): string {
  values.push(value);
  return `$${values.length}`;
}

function where(conditions: readonly string[]): string {
  return conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
}
