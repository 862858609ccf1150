// Floor: a bare Express handler with one INSERT a token.
import { createServer } from 'node:http';
import express from 'express';
import { isAuthorized } from './shared/client.mjs';
import { listen } from './shared/listen.mjs';
import { drawToken, insert, tokenResponse } from './shared/tokens.mjs';

const app = express();

app.post('/o/token/', express.urlencoded({ extended: false }), async (request, response) => {
  if (!isAuthorized(request.headers.authorization)) {
    response.status(401).json({ error: 'invalid_client' });
    return;
  }
  if (request.body.grant_type !== 'client_credentials') {
    response.status(400).json({ error: 'unsupported_grant_type' });
    return;
  }
  const token = drawToken();
  await insert(token);
  response.set('Cache-Control', 'no-store').json(tokenResponse(token));
});

listen(createServer(app));
