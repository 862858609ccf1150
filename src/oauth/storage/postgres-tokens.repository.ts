import { Inject, Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { LRUCache } from 'lru-cache';
import { DataSource } from 'typeorm';
import type { NewAuditEvent } from '../../audit/domain/audit-event.js';
import { appendAuditEvent } from '../../audit/storage/append-audit-event.js';
import { LONGEST_TOKEN_TTL_SECONDS, type Settings } from '../../config/settings.js';
import { SETTINGS } from '../../config/settings.module.js';
import { Batches } from '../../database/batches.js';
import { Statements, type Statement } from '../../database/statements.js';
import { formatScope, parseScope } from '../../protocol/scope.js';
import type { TokenDigest } from '../../secrets/digests.js';
import type { LiveAccessToken, NewAccessToken } from '../domain/access-token.js';
import { TokensRepository } from '../domain/tokens.repository.js';
import { TokenPartitionsKeeper } from './token-partitions.keeper.js';

/**
 * Stores a batch. The join takes epoch, switch and scopes from the client's row as it is at that
 * moment: no token is dead at birth, and none is issued to a client that was switched off
 * elsewhere since it was read.
 *
 * It tells how many it has stored, and not which: RETURNING was a sixth of its work, though it gave one
 * row for all. The lists are unfolded in a SELECT, since in FROM each is written to a store of its own first.
 */
const INSERT = insertFrom(
  'token-insert',
  `SELECT unnest($1::bytea[]), unnest($2::integer[]), unnest($3::integer[]),
     unnest($4::text[]), unnest($5::text[]), unnest($6::integer[])`,
);

/** The same for a token that came alone: half the work for the database. */
const INSERT_ONE = insertFrom(
  'token-insert-one',
  'SELECT $1::bytea, $2::integer, $3::integer, $4::text, $5::text, $6::integer',
);

function insertFrom(name: string, tokens: string): Statement {
  const text = `
    INSERT INTO oauth_access_token
      (digest, client, secret, scope, audience, epoch, issued_at, expires_at)
    SELECT t.digest, c.id, t.secret, t.scope, t.audience, c.token_epoch,
      now(), now() + make_interval(secs => t.ttl)
    FROM (${tokens}) AS t (digest, client, secret, scope, audience, ttl)
    JOIN oauth_client c ON c.id = t.client
    WHERE c.enabled AND string_to_array(t.scope, ' ') <@ c.scopes
      AND NOT t.secret = ANY (c.dead_secrets)`;
  return { name, text };
}

/** The bounds on the expiry spare all partitions but two or three. */
const NOT_EXPIRED = `
  t.expires_at > now() AND t.expires_at <= now() + interval '${LONGEST_TOKEN_TTL_SECONDS} seconds'`;

/**
 * Looks tokens up. A scope that the client has lost is lost to the token.
 *
 * The list goes through a sub-select, so that the planner does not see how long it is: it would hold
 * a plan made for each one for better than the one that it keeps, and plan anew every time.
 */
const FIND_LIVE: Statement = {
  name: 'token-find-live',
  text: `
    SELECT encode(t.digest, 'hex') AS digest, c.id AS "clientKey", c.client_id AS "clientId", c.scopes AS "clientScopes",
      t.scope, t.audience, t.issued_at AS "issuedAt", t.expires_at AS "expiresAt",
      extract(epoch FROM t.expires_at - now())::float8 AS "secondsLeft"
    FROM oauth_access_token t JOIN oauth_client c ON c.id = t.client
    WHERE t.digest = ANY (ARRAY(SELECT unnest($1::bytea[]))) AND ${NOT_EXPIRED}
      AND t.revoked_at IS NULL AND c.enabled AND t.epoch = c.token_epoch
      AND NOT t.secret = ANY (c.dead_secrets)`,
};

const REVOKE = `
  WITH revoked AS (
    UPDATE oauth_access_token t SET revoked_at = now()
    WHERE t.digest = $1 AND t.client = $2 AND t.revoked_at IS NULL AND ${NOT_EXPIRED}
    RETURNING 1)
  SELECT FROM revoked`;

interface LiveRow {
  readonly digest: TokenDigest;
  readonly clientKey: number;
  readonly clientId: string;
  readonly clientScopes: readonly string[];
  readonly scope: string;
  readonly audience: string | null;
  readonly issuedAt: Date;
  readonly expiresAt: Date;
  readonly secondsLeft: number;
}

/** Far more than are in use: scopes and audiences come in few combinations. */
const MOST_LISTS = 1000;

/** SQLSTATE check_violation: also what says that no partition takes a row. */
const NO_PARTITION = '23514';

/** The access tokens in PostgreSQL. */
@Injectable()
export class PostgresTokensRepository extends TokensRepository {
  private readonly insertions: Batches<NewAccessToken, boolean>;
  /** Lists of names by their text: one for all tokens that have the same lies close at hand. */
  private readonly lists = new LRUCache<string, readonly string[]>({
    max: MOST_LISTS,
    memoMethod: (names) => Object.freeze(names === '' ? [] : names.split(' ')),
  });
  private readonly lookUps: Batches<TokenDigest, LiveAccessToken | undefined>;

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly statements: Statements,
    private readonly partitions: TokenPartitionsKeeper,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {
    super();
    const { tokenQueueLimit } = settings;
    this.insertions = new Batches('tokens', (tokens) => this.store(tokens), tokenQueueLimit);
    this.lookUps = new Batches('look-ups', (digests) => this.lookUp(digests), tokenQueueLimit);
  }

  override insert(token: NewAccessToken): Promise<boolean> {
    return this.insertions.add(token);
  }

  override findLive(digest: TokenDigest): Promise<LiveAccessToken | undefined> {
    return this.lookUps.add(digest);
  }

  override revoke(digest: TokenDigest, clientKey: number, event: NewAuditEvent): Promise<boolean> {
    return this.dataSource.transaction(async (manager) => {
      const revoked = await manager.query<object[]>(REVOKE, [bytea(digest), clientKey]);
      if (revoked.length === 0) return false;
      await appendAuditEvent(manager, event);
      return true;
    });
  }

  private async store(tokens: readonly NewAccessToken[]): Promise<boolean[]> {
    try {
      return await this.storeBatch(tokens);
    } catch (error) {
      if ((error as { code?: unknown }).code !== NO_PARTITION) throw error;
      await this.partitions.make();
      return this.storeBatch(tokens);
    }
  }

  private async storeBatch(tokens: readonly NewAccessToken[]): Promise<boolean[]> {
    const [first, ...others] = tokens;
    const stored =
      first !== undefined && others.length === 0
        ? await this.statements.execute(INSERT_ONE, valuesOf(first))
        : await this.statements.execute(INSERT, listsOf(tokens));
    if (stored === tokens.length) return tokens.map(() => true);
    // Nearly never: a client was changed at that very moment.
    const found = await this.lookUp(tokens.map(({ digest }) => digest));
    return found.map((token) => token !== undefined);
  }

  private async lookUp(digests: readonly TokenDigest[]): Promise<(LiveAccessToken | undefined)[]> {
    const rows = await this.statements.run<LiveRow>(FIND_LIVE, [byteaList(digests)]);
    const live = new Map(rows.map((row) => [row.digest, this.toLiveToken(row)]));
    return digests.map((digest) => live.get(digest));
  }

  /** Frozen, since many requests share it. */
  private toLiveToken(row: LiveRow): LiveAccessToken {
    const { digest, clientKey, secondsLeft, clientId, issuedAt, expiresAt } = row;
    const held = parseScope(row.scope).filter((name) => row.clientScopes.includes(name));
    const scopes = this.lists.memo(formatScope(held));
    const audience = this.lists.memo(row.audience ?? this.settings.defaultAudience);
    const claims = Object.freeze({ clientId, issuedAt, expiresAt, scopes, audience });
    return { digest, clientKey, secondsLeft, claims };
  }
}

/** What the statement takes of a token, in its order. */
function valuesOf({ digest, clientKey, secretKey, scopes, audience, ttlSeconds }: NewAccessToken) {
  return [
    bytea(digest),
    clientKey,
    secretKey,
    formatScope(scopes),
    audience?.join(' ') ?? null,
    ttlSeconds,
  ];
}

/** The same of several, a list for each. */
function listsOf(tokens: readonly NewAccessToken[]) {
  return [
    byteaList(tokens.map(({ digest }) => digest)),
    plainList(tokens.map(({ clientKey }) => clientKey)),
    plainList(tokens.map(({ secretKey }) => secretKey)),
    tokens.map(({ scopes }) => formatScope(scopes)),
    tokens.map(({ audience }) => audience?.join(' ') ?? null),
    plainList(tokens.map(({ ttlSeconds }) => ttlSeconds)),
  ];
}

/**
 * A list as PostgreSQL reads it, of what needs no escapes: node-postgres would look for them in each
 * number, twice.
 */
function plainList(values: readonly (string | number)[]): string {
  return `{${values.join(',')}}`;
}

/** Digests as PostgreSQL reads a list of bytes. */
function byteaList(digests: readonly TokenDigest[]): string {
  return plainList(digests.map((digest) => `"\\\\x${digest}"`));
}

/** A digest as PostgreSQL reads bytes. */
function bytea(digest: TokenDigest): string {
  return `\\x${digest}`;
}
