// Floor: `node:http` alone, which looks every token up in the database.
import { createServer } from 'node:http';
import { listen } from './shared/listen.mjs';
import { findLive, presentedDigest, respond } from './shared/lookup.mjs';

const server = createServer({ optimizeEmptyRequests: true }, (request, response) => {
  findLive(presentedDigest(request) ?? '').then(
    (token) => respond(response, token),
    () => response.writeHead(500).end(),
  );
});
listen(server);
