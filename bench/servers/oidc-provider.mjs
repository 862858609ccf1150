// Peer: oidc-provider with PostgreSQL. Its client is in memory; it compares the secret as it does.
import { createServer } from 'node:http';
import { Provider } from 'oidc-provider';
import { CLIENT_ID, CLIENT_SECRET, SCOPES, TTL_SECONDS } from './shared/client.mjs';
import { listen } from './shared/listen.mjs';
import { insert, pool, tokenDigest } from './shared/tokens.mjs';

const FIND = {
  name: 'token-find',
  text: `
    SELECT scope, extract(epoch FROM issued_at)::integer AS iat,
      extract(epoch FROM expires_at)::integer AS exp
    FROM oauth_access_token WHERE digest = $1 AND expires_at > now()`,
};

/** All that this grant needs of a store: tokens go in, and can be found again. */
class TokenAdapter {
  constructor(kind) {
    this.kind = kind;
  }

  async upsert(id) {
    await insert(id);
  }

  async find(id) {
    const { rows } = await pool.query({ ...FIND, values: [tokenDigest(id)] });
    return rows[0] && { ...rows[0], kind: this.kind, jti: id, clientId: CLIENT_ID };
  }
}

const provider = new Provider(`http://localhost:${process.env.PORT}`, {
  adapter: TokenAdapter,
  clients: [
    {
      client_id: CLIENT_ID,
      client_secret: CLIENT_SECRET,
      grant_types: ['client_credentials'],
      response_types: [],
      redirect_uris: [],
      token_endpoint_auth_method: 'client_secret_basic',
      scope: SCOPES.join(' '),
    },
  ],
  features: { clientCredentials: { enabled: true }, devInteractions: { enabled: false } },
  routes: { token: '/o/token/' },
  scopes: SCOPES,
  ttl: { ClientCredentials: TTL_SECONDS },
});

listen(createServer(provider.callback()));
