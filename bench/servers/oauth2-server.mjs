// Peer: @node-oauth/oauth2-server on Express, with PostgreSQL.
import { createServer } from 'node:http';
import OAuth2Server from '@node-oauth/oauth2-server';
import express from 'express';
import { CLIENT_ID, isClient, SCOPES, TTL_SECONDS } from './shared/client.mjs';
import { listen } from './shared/listen.mjs';
import { insert } from './shared/tokens.mjs';

const client = { id: CLIENT_ID, grants: ['client_credentials'], accessTokenLifetime: TTL_SECONDS };

const model = {
  getClient: (id, secret) => Promise.resolve(isClient(id, secret) && client),
  getUserFromClient: () => Promise.resolve({ id: CLIENT_ID }),
  validateScope: (_user, _client, scope) =>
    Promise.resolve(scope.every((name) => SCOPES.includes(name)) && scope),
  async saveToken(token, ofClient, user) {
    await insert(token.accessToken);
    return { ...token, client: ofClient, user };
  },
};

const server = new OAuth2Server({ model });
const app = express();

app.post('/o/token/', express.urlencoded({ extended: false }), async (request, response) => {
  const answer = new OAuth2Server.Response(response);
  try {
    await server.token(new OAuth2Server.Request(request), answer);
  } catch (error) {
    answer.status = error.code;
  }
  response.set(answer.headers).status(answer.status).json(answer.body);
});

listen(createServer(app));
