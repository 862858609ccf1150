// Floor: `node:http` alone. What comes while one write is under way goes together as the next.
import { createServer } from 'node:http';
import { listen } from './shared/listen.mjs';
import { tokenHandler } from './shared/token-handler.mjs';
import { insertAll } from './shared/tokens.mjs';

const MOST_ROWS = 512;
let queue = [];
let writing = false;

function store(token) {
  return new Promise((resolve, reject) => {
    queue.push({ token, resolve, reject });
    if (!writing) void drain();
  });
}

async function drain() {
  writing = true;
  while (queue.length > 0) {
    const batch = queue.slice(0, MOST_ROWS);
    queue = queue.slice(MOST_ROWS);
    await insertAll(batch.map(({ token }) => token)).then(
      () => batch.forEach(({ resolve }) => resolve()),
      (error) => batch.forEach(({ reject }) => reject(error)),
    );
  }
  writing = false;
}

listen(createServer(tokenHandler(store)));
