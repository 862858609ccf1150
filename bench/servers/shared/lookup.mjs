import { hash } from 'node:crypto';
import { pool } from './tokens.mjs';

/** The look-up of this project's server (src/oauth/storage), so that the database does the same. */
const FIND_LIVE = {
  name: 'token-find-live',
  text: `
    SELECT c.client_id AS "clientId", c.scopes AS "clientScopes", t.scope, t.audience,
      t.issued_at AS "issuedAt", t.expires_at AS "expiresAt"
    FROM oauth_access_token t JOIN oauth_client c ON c.id = t.client
    WHERE t.digest = $1
      AND t.expires_at > now()
      AND t.expires_at <= now() + interval '86400 seconds'
      AND t.revoked_at IS NULL AND c.enabled AND t.epoch = c.token_epoch
      AND NOT t.secret = ANY (c.dead_secrets)`,
};

const BODY = '{"ok":true}';
const HEAD = { 'Content-Type': 'application/json', 'Content-Length': BODY.length };

/** SHA-256 of a request's token, undefined where there is none. */
export function presentedDigest({ headers: { authorization = '' } }) {
  return authorization.startsWith('Bearer ')
    ? hash('sha256', authorization.slice(7), 'hex')
    : undefined;
}

/** Asks the database for a live token. */
export async function findLive(digest) {
  const { rows } = await pool.query({
    ...FIND_LIVE,
    values: [Buffer.from(digest.slice(0, 40), 'hex')],
  });
  return rows[0];
}

/** Answers as the guarded route does, or 401. */
export function respond(response, token) {
  const isGood =
    token !== undefined &&
    token.expiresAt.getTime() > Date.now() &&
    token.scope.split(' ').includes('read');
  if (isGood) response.writeHead(200, HEAD).end(BODY);
  else response.writeHead(401).end();
}
