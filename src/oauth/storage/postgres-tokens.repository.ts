import { Inject, Injectable } from '@nestjs/common';
import { LONGEST_TOKEN_TTL_SECONDS, type Settings } from '../../config/settings.js';
import { SETTINGS } from '../../config/settings.module.js';
import { Statements, type Statement } from '../../database/statements.js';
import { formatScope, parseScope } from '../../protocol/scope.js';
import type { TokenDigest } from '../../secrets/digests.js';
import type { LiveAccessToken, NewAccessToken } from '../domain/access-token.js';
import { TokensRepository } from '../domain/tokens.repository.js';
import { TokenPartitionsKeeper } from './token-partitions.keeper.js';
import { TokenWriter } from './token-writer.js';

/**
 * Stores a batch. The join takes epoch, switch and scopes from the client's row as it is at that
 * moment: no token is dead at birth, and none is issued to a client that was switched off
 * elsewhere since it was read.
 */
const INSERT: Statement = {
  name: 'token-insert',
  text: `
    INSERT INTO oauth_access_token
      (digest, client, secret, scope, audience, epoch, issued_at, expires_at)
    SELECT t.digest, c.id, t.secret, t.scope, t.audience, c.token_epoch,
      now(), now() + make_interval(secs => t.ttl)
    FROM unnest($1::bytea[], $2::integer[], $3::integer[], $4::text[], $5::text[], $6::integer[])
      AS t (digest, client, secret, scope, audience, ttl)
    JOIN oauth_client c ON c.id = t.client
    WHERE c.enabled AND string_to_array(t.scope, ' ') <@ c.scopes
      AND NOT t.secret = ANY (c.dead_secrets)
    RETURNING digest`,
};

/**
 * Looks a token up. The bounds on the expiry spare all partitions but two or three; a scope that
 * the client has lost is lost to the token.
 */
const FIND_LIVE: Statement = {
  name: 'token-find-live',
  text: `
    SELECT c.client_id AS "clientId", c.scopes AS "clientScopes", t.scope, t.audience,
      t.issued_at AS "issuedAt", t.expires_at AS "expiresAt"
    FROM oauth_access_token t JOIN oauth_client c ON c.id = t.client
    WHERE t.digest = $1
      AND t.expires_at > now()
      AND t.expires_at <= now() + interval '${LONGEST_TOKEN_TTL_SECONDS} seconds'
      AND t.revoked_at IS NULL AND c.enabled AND t.epoch = c.token_epoch
      AND NOT t.secret = ANY (c.dead_secrets)`,
};

interface LiveRow {
  clientId: string;
  clientScopes: string[];
  scope: string;
  audience: string | null;
  issuedAt: Date;
  expiresAt: Date;
}

/** SQLSTATE check_violation: also what says that no partition takes a row. */
const NO_PARTITION = '23514';

/** The access tokens in PostgreSQL. */
@Injectable()
export class PostgresTokensRepository extends TokensRepository {
  private readonly writer: TokenWriter;

  constructor(
    private readonly statements: Statements,
    private readonly partitions: TokenPartitionsKeeper,
    @Inject(SETTINGS) settings: Settings,
  ) {
    super();
    this.writer = new TokenWriter((tokens) => this.writeBatch(tokens), settings.tokenQueueLimit);
  }

  override insert(token: NewAccessToken): Promise<boolean> {
    return this.writer.insert(token);
  }

  override async findLive(digest: TokenDigest): Promise<LiveAccessToken | undefined> {
    const [row] = await this.statements.run<LiveRow>(FIND_LIVE, [digest]);
    if (row === undefined) return undefined;
    const { clientId, clientScopes, scope, audience, issuedAt, expiresAt } = row;
    return {
      clientId,
      scopes: parseScope(scope).filter((name) => clientScopes.includes(name)),
      audience: audience?.split(' ') ?? null,
      issuedAt,
      expiresAt,
    };
  }

  private async writeBatch(tokens: readonly NewAccessToken[]): Promise<boolean[]> {
    try {
      return await this.insertBatch(tokens);
    } catch (error) {
      if ((error as { code?: unknown }).code !== NO_PARTITION) throw error;
      await this.partitions.make();
      return this.insertBatch(tokens);
    }
  }

  private async insertBatch(tokens: readonly NewAccessToken[]): Promise<boolean[]> {
    const rows = await this.statements.run<{ digest: Buffer }>(INSERT, [
      tokens.map(({ digest }) => digest),
      tokens.map(({ clientKey }) => clientKey),
      tokens.map(({ secretKey }) => secretKey),
      tokens.map(({ scopes }) => formatScope(scopes)),
      tokens.map(({ audience }) => audience?.join(' ') ?? null),
      tokens.map(({ ttlSeconds }) => ttlSeconds),
    ]);
    if (rows.length === tokens.length) return tokens.map(() => true);
    const stored = new Set(rows.map(({ digest }) => digest.toString('base64')));
    return tokens.map(({ digest }) => stored.has(digest.toString('base64')));
  }
}
