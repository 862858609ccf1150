import { createHash, randomBytes } from 'node:crypto';
import { Pool } from 'pg';
import { SCOPES, TTL_SECONDS } from './client.mjs';

/** As large as this project's own is by default. */
export const pool = new Pool({ connectionString: process.env.DATABASE_URL, max: 10 });

const INSERT = {
  name: 'token-insert',
  text: `
    INSERT INTO oauth_access_token
      (digest, client, secret, scope, epoch, issued_at, expires_at)
    VALUES ($1, 1, 1, $2, 0, now(), now() + make_interval(secs => $3))`,
};

const INSERT_BATCH = {
  name: 'token-insert-batch',
  text: `
    INSERT INTO oauth_access_token
      (digest, client, secret, scope, epoch, issued_at, expires_at)
    SELECT digest, 1, 1, $2, 0, now(), now() + make_interval(secs => $3)
    FROM unnest($1::bytea[]) AS t (digest)`,
};

const SCOPE = SCOPES.join(' ');

/** Draws a token of 180 bits. */
export function drawToken() {
  return randomBytes(24).toString('base64url').slice(0, 30);
}

/** What is stored of a token: 20 bytes, as long as this project's. */
export function tokenDigest(token) {
  return createHash('sha256').update(token).digest().subarray(0, 20);
}

/** Stores a token with a statement of its own. */
export async function insert(token) {
  await pool.query({ ...INSERT, values: [tokenDigest(token), SCOPE, TTL_SECONDS] });
}

/** Stores tokens with one statement. */
export async function insertAll(tokens) {
  await pool.query({ ...INSERT_BATCH, values: [tokens.map(tokenDigest), SCOPE, TTL_SECONDS] });
}

/** The answer of RFC 6749 §5.1. */
export function tokenResponse(token) {
  return { access_token: token, token_type: 'Bearer', expires_in: TTL_SECONDS, scope: SCOPE };
}
