// Floor: `node:http` alone, which keeps what it has looked up.
import { createServer } from 'node:http';
import { listen } from './shared/listen.mjs';
import { findLive, presentedDigest, respond } from './shared/lookup.mjs';

const cache = new Map();

async function lookUp(digest, response) {
  const found = await findLive(digest).catch(() => undefined);
  if (found !== undefined) cache.set(digest, found);
  respond(response, found);
}

const server = createServer({ optimizeEmptyRequests: true }, (request, response) => {
  const digest = presentedDigest(request) ?? '';
  const token = cache.get(digest);
  if (token !== undefined) return respond(response, token);
  void lookUp(digest, response);
});
listen(server);
