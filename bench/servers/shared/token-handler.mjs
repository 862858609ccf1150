import { isAuthorized } from './client.mjs';
import { drawToken, tokenResponse } from './tokens.mjs';

/** The least that a token endpoint can be on `node:http`; how it stores is the caller's. */
export function tokenHandler(store) {
  return (request, response) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      answer(request, Buffer.concat(chunks).toString(), store).then(
        (body) => respond(response, 200, body),
        (error) => respond(response, error.status ?? 500, { error: error.message }),
      );
    });
  };
}

async function answer({ headers }, body, store) {
  if (!isAuthorized(headers.authorization)) throw refusal(401, 'invalid_client');
  if (new URLSearchParams(body).get('grant_type') !== 'client_credentials') {
    throw refusal(400, 'unsupported_grant_type');
  }
  const token = drawToken();
  await store(token);
  return tokenResponse(token);
}

function refusal(status, code) {
  return Object.assign(new Error(code), { status });
}

function respond(response, status, body) {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'Cache-Control': 'no-store',
    'Content-Length': Buffer.byteLength(text),
  });
  response.end(text);
}
