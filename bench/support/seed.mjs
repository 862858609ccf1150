import { query } from './postgres.mjs';

/** Puts a client with one secret into a database, and gives its key. */
export async function addClient(url, { id, secret, format = 'opaque' }) {
  const [{ key }] = await query(
    url,
    `WITH made AS (
       INSERT INTO oauth_client (client_id, client_name, scopes, default_scopes, access_token_format)
       VALUES ($1, $1, '{read,write}', '{read,write}', $3) RETURNING id)
     INSERT INTO oauth_client_secret (secret_id, client, digest, hint)
     SELECT gen_random_uuid(), id, sha256(convert_to($2, 'UTF8')), 'none' FROM made
     RETURNING client AS key`,
    [id, secret, format],
  );
  return key;
}

/** Puts clients into a database, `bench-0` and so on, each with one secret. */
export async function addClients(url, count, secretOf) {
  const numbers = Array.from({ length: count }, (_, number) => number);
  for (let first = 0; first < count; first += 10_000) {
    const some = numbers.slice(first, first + 10_000);
    await query(
      url,
      `WITH made AS (
         INSERT INTO oauth_client (client_id, client_name, scopes, default_scopes)
         SELECT id, id, '{read,write}', '{read,write}' FROM unnest($1::text[]) AS id
         RETURNING id, client_id)
       INSERT INTO oauth_client_secret (secret_id, client, digest, hint)
       SELECT gen_random_uuid(), id, sha256(convert_to(secret, 'UTF8')), 'none'
       FROM made JOIN unnest($1::text[], $2::text[]) AS given (client_id, secret) USING (client_id)`,
      [some.map((number) => `bench-${number}`), some.map(secretOf)],
    );
  }
  await query(url, 'ANALYZE');
}

/** Puts live tokens into a database: those that numberedToken gives, from 0 on. */
export async function addTokens(url, clientKey, count) {
  await query(
    url,
    `INSERT INTO oauth_access_token
       (digest, client, secret, scope, epoch, issued_at, expires_at)
     SELECT substr(sha256(convert_to(left(md5(number::text), 30), 'UTF8')), 1, 20), s.client, s.id,
       'read write', 0, now(), now() + interval '10 hours'
     FROM generate_series(0, $2::integer - 1) AS number, oauth_client_secret s WHERE s.client = $1`,
    [clientKey, count],
  );
  await query(url, 'ANALYZE oauth_access_token');
}

/** How many tokens a database holds. */
export async function countTokens(url) {
  const [{ count }] = await query(url, 'SELECT count(*)::integer AS count FROM oauth_access_token');
  return count;
}
