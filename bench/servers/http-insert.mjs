// Floor: `node:http` alone, with one INSERT a token.
import { createServer } from 'node:http';
import { listen } from './shared/listen.mjs';
import { tokenHandler } from './shared/token-handler.mjs';
import { insert } from './shared/tokens.mjs';

listen(createServer(tokenHandler(insert)));
